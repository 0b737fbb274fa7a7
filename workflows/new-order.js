export default function ({ event }) {
  const { id, customer, lines } = event.data;
  if (!id || !customer) throw new Error("An order needs an id and a customer.");
  if (!Array.isArray(lines) || lines.length === 0) throw new Error(`Order ${id} has no lines.`);
  const wrong = lines.find((line) => !(line.quantity > 0) || !(line.price >= 0));
  if (wrong) throw new Error(`Order ${id}: the line for ${wrong.sku} has no valid quantity and price.`);
  const cents = lines.reduce((sum, line) => sum + Math.round(line.price * 100) * line.quantity, 0);
  return { id, customer, total: cents / 100, lines: lines.map(({ sku, quantity }) => ({ sku, quantity })) };
}
