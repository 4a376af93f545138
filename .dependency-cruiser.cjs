// Who may import whom (ARCHITECTURE.md). Siblings never import one another, not even types.
const siblings = ['scp', 'scu', 'pipeline', 'store', 'admin', 'simulator', 'evaluation'];
const vendors = {
  dcmjs: 'src/dicom/',
  'dcmjs-codecs': 'src/imaging/',
  'better-sqlite3': 'src/store/database\\.ts$',
  'onnxruntime-node': 'src/pipeline/onnx-session\\.ts$',
  winston: 'src/core/log\\.ts$',
  yaml: 'src/core/yaml-document\\.ts$',
  'prom-client': 'src/admin/metrics\\.ts$',
  hono: 'src/admin/console/',
  '@hono/node-server': 'src/admin/console/http-server\\.ts$',
  nodemailer: 'src/admin/alerts/mail\\.ts$',
};
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-imports-nothing',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/(?!core/)' },
    },
    {
      name: 'dicom-imports-core',
      severity: 'error',
      from: { path: '^src/dicom/' },
      to: { path: '^src/(?!core/|dicom/)' },
    },
    {
      name: 'imaging-imports-dicom',
      severity: 'error',
      from: { path: '^src/imaging/' },
      to: { path: '^src/(?!core/|dicom/|imaging/)' },
    },
    ...siblings.map((name) => ({
      name: `${name}-knows-no-sibling`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: `^src/(app|main|${siblings.filter((other) => other !== name).join('|')})(/|\\.ts$)` },
    })),
    ...Object.entries(vendors).map(([vendor, door]) => ({
      name: `one-door-to-${vendor}`,
      severity: 'error',
      from: { path: '^src/', pathNot: door },
      to: { path: `node_modules/${vendor}/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
