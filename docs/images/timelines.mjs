// Draws the timelines of docs/device-steps.md: node docs/images/timelines.mjs
import { writeFileSync } from "node:fs";

// in: [second, label, what becomes of it]. out: [second, label, true when a timer told it]. spans: [from, to, label]. level: a line at a value.
const figures = {
  "debounce-trailing": { title: "debounce, for 5s", in: [[0, "1"], [2, "2"], [4, "3"], [14, "4"]], out: [[9, "3", true], [19, "4", true]], spans: [[4, 9, "5s"], [14, 19, "5s"]] },
  "debounce-leading": { title: "debounce, for 5s, edge leading", in: [[0, "1"], [2, "2"], [4, "3"], [14, "4"]], out: [[0, "1"], [14, "4"]], spans: [[4, 9, "5s"], [14, 19, "5s"]] },
  "debounce-both": { title: "debounce, for 5s, edge both", in: [[0, "1"], [2, "2"], [4, "3"], [14, "4"]], out: [[0, "1"], [9, "3", true], [14, "4"]], spans: [[4, 9, "5s"], [14, 19, "5s"]] },
  "debounce-max-wait": { title: "debounce, for 5s, maxWait 8s", in: [[0, "1"], [4, "2"], [7, "3"], [10, "4"]], out: [[8, "3", true], [15, "4", true]], spans: [[0, 8, "8s"], [10, 15, "5s"]] },
  "throttle-first": { title: "throttle, per 8s", in: [[0, "1"], [3, "2"], [6, "3"], [10, "4"], [12, "5"]], out: [[0, "1"], [10, "4"]], spans: [[0, 8, "8s"], [10, 18, "8s"]] },
  "throttle-last": { title: "throttle, per 8s, emit last", in: [[0, "1"], [3, "2"], [6, "3"], [10, "4"], [12, "5"]], out: [[8, "3", true], [18, "5", true]], spans: [[0, 8, "8s"], [10, 18, "8s"]] },
  changed: { title: "changed, deadband 1", in: [[0, "10"], [3, "10.6"], [6, "11"], [9, "11.1"], [12, "10.2"], [15, "10"]], out: [[0, "10"], [9, "11.1"], [15, "10"]], spans: [] },
  threshold: { title: "threshold, above 8, clearBelow 7, for 5s", in: [[0, "9"], [2, "7.5"], [4, "9"], [6, "10"], [11, "8.5"], [13, "7.2"], [16, "6"]], out: [[9, "raised 10", true], [16, "cleared 6"]], spans: [[4, 9, "5s"]] },
  silence: { title: "silence, for 6s", in: [[0, "1"], [3, "2"], [14, "3"], [16, "4"]], out: [[9, "silent 2", true], [14, "back 3"]], spans: [[3, 9, "6s"]] },
  dedupe: { title: "dedupe, within 8s", in: [[0, "a"], [2, "b"], [4, "a"], [8, "a"], [11, "b"]], out: [[0, "a"], [2, "b"], [8, "a"], [11, "b"]], spans: [[0, 8, "a: 8s"]] },
  sequence: { title: "sequence, hold 8s, consecutive", in: [[0, "1"], [2, "3"], [4, "4"], [6, "2"], [9, "6"]], out: [[0, "1"], [6, "2"], [6.8, "3", true], [7.6, "4", true], [17, "6", true]], spans: [[9, 17, "8s"]] },
  "window-tumbling": { title: "window, for 8s", in: [[1, "3"], [4, "1"], [9, "2"], [11, "4"], [14, "3"]], out: [[8, "avg 2", true], [16, "avg 3", true]], spans: [[0, 8, "8s"], [8, 16, "8s"]] },
  "window-sliding": { title: "window, sliding, count 2", in: [[0, "1"], [5, "2"], [10, "3"], [15, "5"]], out: [[0, "avg 1"], [5, "1.5"], [10, "2.5"], [15, "4"]], spans: [] },
  "window-session": { title: "window, session, gap 4s", in: [[0, "1"], [3, "2"], [5, "3"], [13, "4"]], out: [[9, "avg 2", true], [17, "avg 4", true]], spans: [[5, 9, "4s"], [13, 17, "4s"]] },
};

const x = (second) => 70 + second * 25;

function draw({ title, in: arrived, out, spans }) {
  const parts = [`<title>${title}</title>`, `<text x="8" y="18" class="t">${title}</text>`, `<text x="8" y="50">in</text>`, `<text x="8" y="106">out</text>`];
  for (const y of [46, 102]) parts.push(`<path class="l" d="M60 ${y}H584l-6-4m6 4-6 4"/>`);
  for (const [from, to, label] of spans) parts.push(`<path class="s" d="M${x(from)} 66v6H${x(to)}v-6"/>`, `<text class="c m" x="${(x(from) + x(to)) / 2}" y="85">${label}</text>`);
  for (const [at, label] of arrived) parts.push(`<circle class="i" cx="${x(at)}" cy="46" r="5"/>`, `<text class="c" x="${x(at)}" y="36">${label}</text>`);
  for (const [at, label, timer] of out) parts.push(`<circle class="${timer ? "r" : "o"}" cx="${x(at)}" cy="102" r="5"/>`, `<text class="c" x="${x(at)}" y="122">${label}</text>`);
  for (let at = 0; at <= 20; at += 5) parts.push(`<text class="c m" x="${x(at)}" y="140">${at}s</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 146" width="600" height="146" role="img">
<style>text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-weight:600}.c{text-anchor:middle}.m{fill:#6e7781;font-size:11px}.l,.s{fill:none;stroke:#8c959f}.i{fill:#0969da}.o{fill:#1a7f37}.r{fill:#fff;stroke:#1a7f37;stroke-width:2.5}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.m{fill:#8d96a0}.l,.s{stroke:#6e7681}.i{fill:#4493f8}.o{fill:#3fb950}.r{fill:#0d1117;stroke:#3fb950}}</style>
${parts.join("\n")}
</svg>
`;
}

for (const [name, figure] of Object.entries(figures)) writeFileSync(new URL(`${name}.svg`, import.meta.url), draw(figure));
