// A bar chart of medians, as SVG that reads on light and on dark pages.
const width = 760;
const left = 170;
const right = 90;
const bar = 18;
const gap = 6;
const colors = { haup: '#12794a', other: '#9aa5a0' };

/** `groups`: a title, and the seconds of each tool by name; each group has a scale of its own. */
export function chart(groups) {
  let y = 0;
  const parts = groups.flatMap(({ title, seconds }) => {
    const most = Math.max(...Object.values(seconds));
    y += 30;
    const head = `<text x="0" y="${y}" font-weight="600">${escaped(title)}</text>`;
    y += 10;
    const bars = Object.entries(seconds).map(([name, value]) => {
      const long = Math.max(2, ((width - left - right) * value) / most);
      const color = name.startsWith('haup') ? colors.haup : colors.other;
      const middle = y + bar - 5;
      const line =
        `<text x="${left - 8}" y="${middle}" text-anchor="end">${escaped(name)}</text>` +
        `<rect x="${left}" y="${y}" width="${long.toFixed(1)}" height="${bar}" rx="2" fill="${color}"/>` +
        `<text x="${(left + long + 6).toFixed(1)}" y="${middle}">${shown(value)}</text>`;
      y += bar + gap;
      return line;
    });
    return [head, ...bars];
  });
  const height = y + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 0 ${width + 32} ${height}" width="${width + 32}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#16211c">
<rect x="-16" width="${width + 32}" height="${height}" fill="#f6f8f5"/>
${parts.join('\n')}
</svg>
`;
}

const shown = (seconds) =>
  seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(seconds < 100 ? 1 : 0)} s`;
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
