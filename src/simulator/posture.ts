/**
 * Stacks a person's vertebrae for one view. The sacral endplate's centre is the origin of the patient plane
 * (x anterior, y cranial, millimetres). Flexion closes the segments and lets a mobile slip grow; extension opens them
 * and reduces it.
 */
import type { PatientAnatomy, VertebraAnatomy } from './anatomy.ts';
import { type Frame, frameAt, toPlane } from './painter.ts';

/** The lateral views of a study. */
export const LATERAL_VIEWS = ['neutral', 'flexion', 'extension'] as const;
export type LateralView = (typeof LATERAL_VIEWS)[number];

/** A vertebra in its place. `frame` is the body's centre; its first axis points to the front, its second upwards. */
export interface PlacedVertebra {
  readonly anatomy: VertebraAnatomy;
  readonly frame: Frame;
  readonly height: number;
  /** Angle between the endplates (front higher than back positive), radians. */
  readonly wedge: number;
  /** Slip over the vertebra below in this view, mm (anterior positive), and in percent of that endplate's depth. */
  readonly slip: number;
  readonly slipPercent: number;
  /** Displacement of the loose posterior arch in the body's frame, mm; zero when the arch is intact. */
  readonly archShiftP: number;
  readonly archShiftQ: number;
  readonly discAbove: number;
}

/** The whole spine of one view. */
export interface Posture {
  readonly view: LateralView;
  readonly sacrum: Frame;
  readonly vertebrae: readonly PlacedVertebra[];
}

/** Joints of the posterior arch in the body's frame. */
export interface ArchPoints {
  readonly pedicleP: number;
  readonly pedicleQ: number;
  readonly parsTopP: number;
  readonly parsTopQ: number;
  readonly parsEndP: number;
  readonly parsEndQ: number;
  readonly inferiorTipP: number;
  readonly inferiorTipQ: number;
  readonly superiorTipP: number;
  readonly superiorTipQ: number;
}

/** Computes the arch's joints; the loose fragment follows the arch shift. */
export function archPoints(vertebra: PlacedVertebra): ArchPoints {
  const { anatomy, height, archShiftP, archShiftQ } = vertebra;
  const wall = -anatomy.depth / 2;
  const pedicleP = wall - anatomy.pedicleLength;
  const parsTopP = pedicleP - 3.5;
  const parsTopQ = height * 0.12;
  const parsEndP = parsTopP - anatomy.parsLength * Math.cos(anatomy.parsAngle) + archShiftP;
  const parsEndQ = parsTopQ - anatomy.parsLength * Math.sin(anatomy.parsAngle) + archShiftQ;
  return {
    pedicleP,
    pedicleQ: height * 0.22,
    parsTopP,
    parsTopQ,
    parsEndP,
    parsEndQ,
    inferiorTipP: parsEndP - 2,
    inferiorTipQ: parsEndQ - 12,
    superiorTipP: pedicleP - 5.5,
    superiorTipQ: height / 2 + vertebra.discAbove * 0.6 + 3.5,
  };
}

/** Stacks the vertebrae. `motion` scales the range of the movement (0.6 to 1 as people differ in effort). */
export function placeSpine(anatomy: PatientAnatomy, view: LateralView, motion: number): Posture {
  const pelvis = view === 'flexion' ? -0.3 * motion : view === 'extension' ? 0.1 * motion : 0;
  const sacrum = frameAt(0, 0, -anatomy.sacralSlope + pelvis);
  let topX = 0;
  let topY = 0;
  let angle = -anatomy.sacralSlope + pelvis;
  let belowDepth = anatomy.sacrumDepth;
  const placed: PlacedVertebra[] = [];
  for (const [index, vertebra] of anatomy.vertebrae.entries()) {
    const turn =
      view === 'flexion'
        ? -vertebra.flexionMotion * motion
        : view === 'extension'
          ? vertebra.extensionMotion * motion
          : 0;
    const inferior = angle + vertebra.discWedge + turn;
    const slipFactor =
      view === 'flexion' ? vertebra.slipInFlexion : view === 'extension' ? vertebra.slipInExtension : 1;
    const slip = vertebra.slip * slipFactor;
    const mid = (angle + inferior) / 2;
    const baseX = topX - Math.sin(mid) * vertebra.discHeight + Math.cos(angle) * slip;
    const baseY = topY + Math.cos(mid) * vertebra.discHeight + Math.sin(angle) * slip;
    const height = (vertebra.heightAnterior + vertebra.heightPosterior) / 2;
    const wedge = (vertebra.heightAnterior - vertebra.heightPosterior) / vertebra.depth;
    const bodyAngle = inferior + wedge / 2;
    const centreX = baseX - Math.sin(bodyAngle) * (height / 2);
    const centreY = baseY + Math.cos(bodyAngle) * (height / 2);
    const loose = anatomy.defect?.vertebraIndex === index ? Math.max(0, slip) * 0.8 : 0;
    const away = angle - bodyAngle;
    placed.push({
      anatomy: vertebra,
      frame: frameAt(centreX, centreY, bodyAngle),
      height,
      wedge,
      slip,
      slipPercent: (100 * slip) / belowDepth,
      archShiftP: -loose * Math.cos(away),
      archShiftQ: -loose * Math.sin(away),
      discAbove: anatomy.vertebrae[index + 1]?.discHeight ?? 5,
    });
    angle = inferior + wedge;
    topX = centreX - Math.sin(bodyAngle) * (height / 2);
    topY = centreY + Math.cos(bodyAngle) * (height / 2);
    belowDepth = vertebra.depth;
  }
  return { view, sacrum, vertebrae: placed };
}

/** The point where the pars of that vertebra lies (centre of the defect when there is one), patient plane. */
export function parsPoint(vertebra: PlacedVertebra, along: number): { x: number; y: number } {
  const arch = archPoints(vertebra);
  return toPlane(
    vertebra.frame,
    arch.parsTopP + (arch.parsEndP - arch.parsTopP) * along,
    arch.parsTopQ + (arch.parsEndQ - arch.parsTopQ) * along,
  );
}

/** The facet joint between a vertebra and the one below (or the sacrum): just above the inferior process' tip. */
export function facetPoint(vertebra: PlacedVertebra): { x: number; y: number } {
  const arch = archPoints(vertebra);
  return toPlane(vertebra.frame, arch.inferiorTipP + 4.5, arch.inferiorTipQ + 6);
}
