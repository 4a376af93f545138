/** Paints everything a lateral beam meets: tissue, gas and bone, as path lengths in centimetres. */
import type { PatientAnatomy } from './anatomy.ts';
import {
  buildLayer,
  frameAt,
  type Layer,
  type Projection,
  paintEllipse,
  paintStroke,
  toPlane,
} from './painter.ts';
import type { Posture } from './posture.ts';
import type { RandomStream } from './random.ts';
import { paintOrgans, paintTrunk } from './soft-tissue.ts';
import type { Texture } from './texture.ts';
import { paintArchSide, paintBody, paintSacrum, paintSpinousProcess } from './vertebra-painter.ts';

/** Path lengths along the beam, cm: soft tissue (gas already taken off) and bone on top of it. */
export interface ScenePaths {
  readonly tissue: Float32Array;
  readonly bone: Float32Array;
}

function paintPelvis(bone: Layer, anatomy: PatientAnatomy, posture: Posture, random: RandomStream): void {
  const density = anatomy.boneDensity * anatomy.iliacDensity;
  const offsetX = random.normal(0, 4);
  const offsetY = random.normal(0, 3);
  for (const side of [-0.5, 0.5]) {
    const crest = anatomy.iliacHeight + side * offsetY;
    const centre = frameAt(
      posture.sacrum.x + 4 + side * offsetX,
      -62,
      posture.view === 'flexion' ? -0.35 : -0.12,
    );
    const reach = crest + 62;
    paintEllipse(bone, centre, 62, reach, 0.17 * density, 0.06, 'add');
    const arc = Array.from({ length: 15 }, (_, i) => {
      const angle = Math.PI * (0.16 + (0.68 * i) / 14);
      return { p: 61 * Math.cos(angle), q: (reach - 1) * Math.sin(angle) };
    });
    paintStroke(bone, centre, arc, 1.6, 0.2 * density, 0.08, 'max');
    // Ala of the sacrum, sciatic notch and acetabular roof.
    const ala = toPlane(posture.sacrum, -6, -24);
    paintEllipse(bone, { ...posture.sacrum, ...ala }, 30, 30, 0.28 * density, 1, 'add');
    const hip = frameAt(34 + side * (10 + offsetX), -102 + side * 6, 0);
    paintEllipse(bone, hip, 25, 25, 0.9 * anatomy.boneDensity, 0.08, 'add');
    const roof = Array.from({ length: 9 }, (_, i) => {
      const angle = Math.PI * (0.15 + (0.7 * i) / 8);
      return { p: 28 * Math.cos(angle), q: 28 * Math.sin(angle) };
    });
    paintStroke(bone, hip, roof, 2.2, 0.35 * density, 0.1, 'max');
  }
}

function paintRibs(bone: Layer, anatomy: PatientAnatomy, posture: Posture, random: RandomStream): void {
  for (const vertebra of posture.vertebrae.slice(5)) {
    for (const side of [-0.5, 0.5]) {
      const shiftP = side * random.between(2, 9);
      const shiftQ = side * random.between(-8, 8);
      const wall = -vertebra.anatomy.depth / 2;
      const length = vertebra.anatomy.name === 'T12' ? 0.6 : 1;
      const nodes = [
        { p: wall - 4, q: 4 },
        { p: wall - 22, q: 0 },
        { p: wall - 34, q: -16 },
        { p: wall - 30, q: -36 },
        { p: wall - 14, q: -56 * length },
        { p: wall + 18 * length, q: -78 * length },
        { p: wall + 58 * length, q: -98 * length },
      ].map((node, i) => ({
        p: node.p + shiftP * Math.min(1, i / 2),
        q: node.q + shiftQ * Math.min(1, i / 2),
      }));
      const smooth: { p: number; q: number }[] = [];
      for (let i = 0; i + 1 < nodes.length; i += 1) {
        const [n0, n1, n2, n3] = [
          nodes[Math.max(0, i - 1)],
          nodes[i],
          nodes[i + 1],
          nodes[Math.min(nodes.length - 1, i + 2)],
        ];
        if (n0 === undefined || n1 === undefined || n2 === undefined || n3 === undefined) continue;
        for (let step = 0; step < 4; step += 1) {
          const t = step / 4;
          const spline = (a: number, b: number, c: number, d: number): number =>
            0.5 *
            (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
          smooth.push({ p: spline(n0.p, n1.p, n2.p, n3.p), q: spline(n0.q, n1.q, n2.q, n3.q) });
        }
      }
      paintStroke(
        bone,
        vertebra.frame,
        smooth,
        4.6,
        0.1 * anatomy.boneDensity,
        0.13 * anatomy.boneDensity,
        'max',
      );
    }
  }
}

/** Paints the lateral scene of one posture on one grid. */
export function paintLateralScene(
  projection: Projection,
  anatomy: PatientAnatomy,
  posture: Posture,
  random: RandomStream,
  texture: Texture,
): ScenePaths {
  const tissue = buildLayer(projection);
  const bone = buildLayer(projection);
  const scratch = buildLayer(projection);
  paintTrunk(tissue, anatomy, posture, random);
  paintOrgans(tissue, scratch, anatomy, posture, random);
  // Strokes join by maximum, so they come before the bodies that are added on top.
  paintRibs(bone, anatomy, posture, random);
  paintPelvis(bone, anatomy, posture, random);
  const density = anatomy.boneDensity;
  paintSacrum(
    bone,
    posture.sacrum,
    { depth: anatomy.sacrumDepth, kyphosis: anatomy.sacralKyphosis, density, parallax: 2, textureP: 20 },
    texture,
  );
  for (const [index, vertebra] of posture.vertebrae.entries()) {
    const v = vertebra.anatomy;
    const defect = anatomy.defect?.vertebraIndex === index ? anatomy.defect : undefined;
    for (const side of [-0.5, 0.5]) {
      const centre = toPlane(vertebra.frame, side * v.parallaxX * 0.5, side * (1.1 + v.parallaxY));
      paintBody(
        bone,
        { ...vertebra.frame, ...centre },
        {
          depth: v.depth,
          height: vertebra.height,
          wedge: vertebra.wedge,
          concavity: v.endplateConcavity,
          waist: v.waist,
          density: density * 0.5 * (index > 4 ? 0.8 : 1),
          osteophyteAnterior: v.osteophyteAnterior,
          osteophytePosterior: v.osteophytePosterior,
          sclerosis: v.endplateSclerosis,
          textureP: v.textureP,
          textureQ: v.textureQ + side * 30,
        },
        texture,
      );
    }
    paintArchSide(bone, scratch, vertebra, -1, density, defect, texture);
    paintArchSide(bone, scratch, vertebra, 1, density, defect, texture);
    paintSpinousProcess(bone, vertebra, density, texture);
  }
  return { tissue: tissue.map, bone: bone.map };
}
