/**
 * Pictures that are not lateral lumbar spines: the AP view of a study and strays that the view filter or the model's
 * rejection must refuse.
 */
import type { PatientAnatomy } from './anatomy.ts';
import { paintChest, paintColumn, paintGas, paintPelvisFront, paintTorso } from './frontal-scene.ts';
import type { ScenePaths } from './lateral-scene.ts';
import { paintHand, paintKnee, paintShoulder } from './limb-scene.ts';
import { paintNeck, paintSkull, paintThorax } from './other-lateral-scene.ts';
import { buildLayer, type Projection } from './painter.ts';
import type { RandomStream } from './random.ts';
import type { Brush } from './stray-brush.ts';
import type { Texture } from './texture.ts';

/** Kinds of picture beside the lateral lumbar spine. */
export const STRAY_KINDS = [
  'ap',
  'oblique',
  'chest',
  'pelvis',
  'blank',
  'thoracic',
  'cervical',
  'skull',
  'shoulder',
  'knee',
  'hand',
] as const;
export type StrayKind = (typeof STRAY_KINDS)[number];

/** Field of each kind in mm, width by height. */
export const STRAY_FIELD: Readonly<Record<StrayKind, readonly [number, number]>> = {
  ap: [230, 330],
  oblique: [220, 320],
  chest: [370, 390],
  pelvis: [400, 330],
  blank: [300, 360],
  thoracic: [240, 350],
  cervical: [180, 230],
  skull: [230, 270],
  shoulder: [260, 230],
  knee: [180, 300],
  hand: [190, 250],
};

/** Paints the scene of that kind; the map of a blank picture holds tissue alone. */
export function paintStrayScene(
  kind: StrayKind,
  projection: Projection,
  anatomy: PatientAnatomy,
  random: RandomStream,
  texture: Texture,
): ScenePaths {
  const brush: Brush = {
    tissue: buildLayer(projection),
    bone: buildLayer(projection),
    scratch: buildLayer(projection),
    anatomy,
    random,
    texture,
  };
  switch (kind) {
    case 'ap':
    case 'oblique':
      paintTorso(brush, 165, 22);
      paintGas(brush, 4, 120, -140);
      paintPelvisFront(brush, -86);
      paintColumn(brush, kind === 'ap' ? 0 : 1);
      break;
    case 'chest':
      paintTorso(brush, 185, 0);
      paintChest(brush);
      break;
    case 'pelvis':
      paintTorso(brush, 195, 0);
      paintGas(brush, 3, 130, 20);
      paintPelvisFront(brush, 90);
      break;
    case 'blank':
      brush.tissue.map.fill(3);
      break;
    case 'thoracic':
      paintThorax(brush);
      break;
    case 'cervical':
      paintNeck(brush);
      break;
    case 'skull':
      paintSkull(brush);
      break;
    case 'shoulder':
      paintShoulder(brush);
      break;
    case 'knee':
      paintKnee(brush);
      break;
    case 'hand':
      paintHand(brush);
      break;
  }
  return { tissue: brush.tissue.map, bone: brush.bone.map };
}
