/** Screen and print; no font is fetched, colours pass WCAG AA on white. */
export const styleSheet = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{font:15px/1.5 "Helvetica Neue",Helvetica,Arial,sans-serif;color:#1c1c1c;background:#fff;max-width:66rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .8rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-bottom:.2rem;border-bottom:2px solid #1c1c1c}
a{color:#004a8f;text-underline-offset:2px}
th a{color:inherit;text-decoration-color:#9a9a9a}
.banner{margin:.5rem 0;padding:.55rem .8rem;border-left:6px solid #555;background:#f3f3f3;font-weight:600}
.banner.warning{border-color:#b35900;background:#fff4e5}
.banner.bad{border-color:#b00020;background:#fdecee}
.banner.good{border-color:#1b6e3c;background:#eaf6ee}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(12.5rem,1fr));gap:.6rem;margin:1rem 0}
.tiles div{border:1px solid #cfcfcf;padding:.45rem .7rem}
.tiles dt{font-size:.82em;color:#555}.tiles dd{margin:0;font-weight:600}
nav ol{columns:3 14rem;margin:1rem 0;padding-left:1.4rem}
.wide{overflow-x:auto;margin:.7rem 0 1.1rem}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(24rem,1fr));gap:0 2rem;align-items:start}
table{min-width:min(30rem,100%);border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.88em}
caption{text-align:left;font-weight:600;padding:.2rem 0 .35rem}
thead th{border-bottom:1.5px solid #1c1c1c;vertical-align:bottom}
th,td{padding:.25rem .7rem .25rem 0;text-align:right;font-weight:normal;border-bottom:1px solid #e2e2e2}
.value{white-space:nowrap}
.ci{white-space:nowrap;color:#555}
tr.strong .ci,tr.small .ci,tr.bad .ci{color:inherit}
th:first-child{text-align:left}
#data td,#speed td,#acceptance td,#acceptance thead th+th,#data thead th+th,#speed thead th+th{text-align:left}
#data td{overflow-wrap:anywhere}
tr.strong th,tr.strong td{font-weight:600}
tr.small th,tr.small td{color:#6b6b6b}
tr.bad th,tr.bad td{color:#b00020;font-weight:600}
.charts{display:flex;flex-wrap:wrap;align-items:flex-start;gap:.5rem 1rem}
.charts svg{max-width:100%;height:auto}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}
figure{margin:0}figure img{width:100%;height:auto;border:1px solid #cfcfcf}
figcaption{font-size:.85em;color:#444}
.definitions dt{font-weight:600;margin-top:.5rem}.definitions dd{margin:0 0 0 1.2rem}
:target{background:#fff4c2}
footer{margin-top:2.5rem;padding-top:.6rem;border-top:1px solid #cfcfcf;font-size:.85rem;color:#444}
@media print{
@page{size:A4;margin:14mm}
body{max-width:none;padding:0;font-size:10.5px}
nav{display:none}
a{color:inherit;text-decoration:none}
h2{break-after:avoid;margin-top:1.2rem}
thead{display:table-header-group}
tr,figure,.charts svg,.tiles div{break-inside:avoid}
.side{grid-template-columns:1fr 1fr}
.charts svg{width:31%}
.side .charts svg{width:70%}
.gallery{grid-template-columns:repeat(2,1fr)}
.wide{overflow:visible}
}
`;
