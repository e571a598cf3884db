/** The colours of policies, in their order; told apart also by those who see few colours (after Okabe and Ito). */
export const HUES_COUNT = 8;

export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5d6877; --paper: #fff; --card: #f6f7f9; --rule: #dfe3e8; --good: #0a7d55; --bad: #b3401c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --dim: #9aa5b3; --paper: #12161c; --card: #1a2028; --rule: #2c3540; --good: #4cc79a; --bad: #f08a63; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1180px; padding: 40px 28px 80px; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 28px; letter-spacing: -0.01em; margin: 0 0 6px; }
h2 { font-size: 20px; margin: 56px 0 2px; }
p { margin: 0 0 10px; max-width: 74ch; color: var(--dim); }
a { color: inherit; text-decoration-color: var(--dim); text-underline-offset: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px; margin: 18px 0 0; padding: 10px 0; position: sticky; top: 0; background: var(--paper); z-index: 1; }
.legend button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 99px; padding: 3px 12px 3px 9px; cursor: pointer; }
.legend button[aria-pressed="false"] { opacity: 0.4; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 7px; background: var(--hue); }
.legend .oracle i { background: none; border: 2px dashed var(--hue); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 16px; margin: 14px 0 16px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 12px 4px; }
figcaption { font-weight: 600; font-size: 13px; padding-left: 6px; }
svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--rule); } .notch { stroke: var(--dim); } .outage { fill: var(--bad); opacity: 0.1; }
.tick { fill: var(--dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.line { fill: none; stroke: var(--hue); stroke-width: 2; stroke-linejoin: round; }
.line:hover { stroke-width: 4; } .line.oracle { stroke-dasharray: 5 4; stroke-width: 1.6; }
.dot { fill: var(--hue); stroke: var(--card); stroke-width: 1.5; } .oracle .dot { fill: var(--card); stroke: var(--hue); stroke-width: 2; stroke-dasharray: 3 2; }
.bar { stroke: var(--hue); stroke-width: 1.5; fill: none; opacity: 0.7; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
th { text-align: right; font-weight: 600; color: var(--dim); padding: 5px 11px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td { text-align: right; padding: 4px 11px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
td:first-child, th:first-child { text-align: left; padding-left: 0; } td small { color: var(--dim); }
td i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--hue); margin-right: 8px; } .oracle td i { background: none; border: 2px dashed var(--hue); }
.high { color: var(--good); font-weight: 600; } .low { color: var(--bad); }
.hue-0 { --hue: #7b8794; } .hue-1 { --hue: #56b4e9; } .hue-2 { --hue: #e69f00; } .hue-3 { --hue: #cc79a7; }
.hue-4 { --hue: #a9a326; } .hue-5 { --hue: #009e73; } .hue-6 { --hue: #0072b2; } .hue-7 { --hue: #d55e00; }
[data-policy].off { display: none; }
`;
