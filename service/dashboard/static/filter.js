// The filter's language, as service/dashboard/filters.py reads it: learning_rate=0.001..0.1 layers=3|4 state=stopped
const TERM = /([A-Za-z_][\w.:-]*)\s*([=<>])\s*("[^"]*"|[^\s"=<>][^\s"]*)(?:\s+|$)/y;

// A list of terms {name, sign, value, text}, or null for what is not understood.
export function parse(text) {
  const terms = [];
  const all = text.trim();
  TERM.lastIndex = 0;
  while (TERM.lastIndex < all.length) {
    const found = TERM.exec(all);
    if (!found) return null;
    terms.push({ name: found[1], sign: found[2], value: found[3].replaceAll('"', ''), text: found[0].trim() });
  }
  return terms;
}

export function passes(terms, fields) {
  return terms.every((term) => fields[term.name] != null && holds(term, fields[term.name]));
}

function holds({ sign, value }, given) {
  const range = value.match(/^([^|]*)\.\.([^|]*)$/);
  if (sign === '<') return typeof given === 'number' && given <= Number(value);
  if (sign === '>') return typeof given === 'number' && given >= Number(value);
  if (range) {
    if (typeof given !== 'number') return false;
    return (range[1] === '' || given >= Number(range[1])) && (range[2] === '' || given <= Number(range[2]));
  }
  const wanted = value.split('|');
  return typeof given === 'number' ? wanted.some((one) => one !== '' && Number(one) === given) : wanted.includes(String(given));
}

// The filter with another term about `name`; null drops it.
export function replaced(text, name, term) {
  const others = (parse(text) ?? []).filter((one) => one.name !== name).map((one) => one.text);
  return [...others, ...(term ? [term] : [])].join(' ');
}

export function current() {
  return new URLSearchParams(location.search).get('where') ?? '';
}
