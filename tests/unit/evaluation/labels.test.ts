import { describe, expect, test } from 'vitest';
import { withBoxes } from '../../../src/evaluation/boxes.ts';
import { type LabelOptions, readLabels, readTrainingPatients } from '../../../src/evaluation/labels.ts';

const options: LabelOptions = {
  classIds: ['normal', 'spondylolysis', 'dls'],
  trainingPatients: new Set(['T1']),
  exists: (file) => file !== 'gone.dcm',
};

describe('a label list', () => {
  test('gives label, patient, lesion, spacing and every column', () => {
    const { images, problems } = readLabels(
      'file,label,patient_id,lesion_x,lesion_y,mm_per_pixel,scanner\na.dcm,dls,P1,10,20,0.2,Imaginary\n',
      options,
    );
    expect(problems).toEqual([]);
    expect(images).toMatchObject([
      {
        line: 2,
        file: 'a.dcm',
        label: 'dls',
        patientId: 'P1',
        lesion: { x: 10, y: 20 },
        mmPerPixel: 0.2,
        columns: { scanner: 'Imaginary' },
      },
    ]);
  });
  test('takes the centre of a box as the lesion when there is no point', () => {
    const { images } = readLabels(
      'file,label,patient_id,box_x0,box_y0,box_x1,box_y1\na.dcm,dls,P1,10,20,30,60\n',
      options,
    );
    expect(images[0]?.lesion).toEqual({ x: 20, y: 40, box: { left: 10, top: 20, right: 30, bottom: 60 } });
  });
  test('takes images that must not be answered under the label "other"', () =>
    expect(readLabels('file,label,patient_id\nap.dcm,other,P1\n', options).problems).toEqual([]));
  test('names every fault with its line, all at once', () => {
    const text = [
      'file,label,patient_id,split,lesion_x,lesion_y,box_x0,box_y0,box_x1,box_y1',
      'a.dcm,DLS,P1,test,,,,,,',
      'gone.dcm,dls,P2,test,,,,,,',
      'b.dcm,,,test,,,,,,',
      'c.dcm,dls,T1,test,,,,,,',
      'c.dcm,dls,P3,test,left,5,,,,',
      'd.dcm,dls,P3,train,5,,9,9,1,1',
    ].join('\n');
    expect(readLabels(text, options).problems).toEqual([
      'line 7: this patient is in split "train" here and in "test" on line 6',
      'line 2: label "DLS" is not one of normal, spondylolysis, dls, other',
      'line 3: gone.dcm does not exist',
      'line 4: label "" is not one of normal, spondylolysis, dls, other',
      'line 4: patient_id is empty, images could not be grouped by patient',
      'line 5: this patient is in the training list, the figures would be too good',
      'line 6: lesion_x "left" is not a number',
      'line 6: c.dcm stands already on line 5',
      'line 7: fill all of lesion_x, lesion_y, or none',
      'line 7: the box is empty: box_x1 and box_y1 must be larger than box_x0 and box_y0',
    ]);
  });
  test('says which column is missing, and when a split selects nothing', () => {
    expect(readLabels('file,label\na.dcm,dls\n', options).problems).toEqual([
      'line 1: missing column patient_id',
    ]);
    expect(
      readLabels('file,label,patient_id,split\na.dcm,dls,P1,train\n', { ...options, split: 'test' }).problems,
    ).toEqual(['no row has "test" in its split column; leave --split out to take all rows']);
  });
});

test('training patients are a plain list, or a label list without its test split', () => {
  expect([...readTrainingPatients('P1\r\nP2\n\n')]).toEqual(['P1', 'P2']);
  expect([...readTrainingPatients('file,patient_id,split\na,P1,train\nb,P2,val\nc,P3,test\n')]).toEqual([
    'P1',
    'P2',
  ]);
});

describe('a list of boxes', () => {
  const { images } = readLabels(
    'file,label,patient_id,lesion_x,lesion_y\na.dcm,dls,P1,12,22\nb.dcm,dls,P2,,\n',
    options,
  );
  test('adds boxes and keeps a more exact point', () => {
    const boxed = withBoxes(images, 'file,x0,y0,x1,y1\na.dcm,10,20,30,40\nb.dcm,0,0,10,10\n');
    expect(boxed.problems).toEqual([]);
    expect(boxed.images.map(({ lesion }) => lesion)).toMatchObject([
      { x: 12, y: 22, box: { left: 10 } },
      { x: 5, y: 5, box: { right: 10 } },
    ]);
  });
  test('names rows that fit no image or hold no box', () =>
    expect(withBoxes(images, 'file,x0,y0,x1,y1\nc.dcm,1,1,2,2\na.dcm,5,5,5,9\nb.dcm,,,,\n').problems).toEqual(
      [
        'line 2: c.dcm is not in the label list',
        'line 3: x1, y1 must be numbers larger than x0, y0',
        'line 4: x1, y1 must be numbers larger than x0, y0',
      ],
    ));
});
