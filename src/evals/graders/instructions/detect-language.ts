/** Languages told by their script alone; where several share one, the first that fits. */
const scripts: readonly (readonly [language: string, pattern: RegExp])[] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['bn', /\p{Script=Bengali}/gu],
  ['gu', /\p{Script=Gujarati}/gu],
  ['kn', /\p{Script=Kannada}/gu],
  ['ml', /\p{Script=Malayalam}/gu],
  ['pa', /\p{Script=Gurmukhi}/gu],
  ['ta', /\p{Script=Tamil}/gu],
  ['te', /\p{Script=Telugu}/gu],
];

/** Words that give a language away; letters of its own count as well. */
const words: { readonly [language: string]: string } = {
  en: 'the of and to in is that it for was on are as with his they at be this have from or had by not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now my made over did down only way find use may water long little very after words called just where most know i you',
  de: 'der die das und ist nicht ein eine zu den mit sich auf für von dem im ich sie es wird auch als an nach wie bei aus oder wir ihr einen einer haben sind kann durch werden über',
  fr: 'le la les des et est dans un une que qui pour pas sur avec plus ce il elle sont nous vous au par mais ou du se ne cette être ont je leur aux comme',
  es: 'el la los las de que y en un una es por con no para su se lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde ser del al',
  it: 'il lo la gli le di che e un una è per non in con del della si da sono come anche più ma ha nel alla questo al dei ci o ai se delle',
  pt: 'o a os as de que e em um uma é por com não para seu se como mais mas do da no na dos das ao ele ela são foi ou você também',
  nl: 'de het een en van is dat op te in niet zijn voor met die aan er als ook maar om bij door over naar dan wat kan ik je',
  sv: 'och att det som en på är av för med den till inte om ett han var jag men de har sig så från vi kan när',
  da: 'og at det som en på er af for med den til ikke om et han var jeg men de har sig så fra vi kan når blev',
  fi: 'ja on ei se että hän oli olla mutta joka ovat kun niin myös tai kuin sen voi mitä ole hyvin',
  pl: 'i w nie na się z do to że jest o jak co po ale za od przez dla są być może tego tym oraz',
  tr: 've bir bu için da de ile çok ne gibi daha olarak var ama en olan kadar her sonra ben',
  vi: 'và của là có không được cho một các người trong những với để này đã khi từ tôi bạn đó như',
  id: 'dan yang di ini itu dengan untuk tidak dari dalam akan pada juga ke karena tersebut bisa ada mereka atau saya',
  sw: 'na ya wa kwa ni katika za la kuwa hii cha huu watu hiyo kama au lakini sana wao yake vya hivyo',
};
/** Languages in one script that words tell apart. */
const scriptWords: { readonly [script: string]: { readonly [language: string]: RegExp } } = {
  cyrillic: {
    uk: /[іїєґ]/giu,
    bg: /\b[ъ]|ъ[а-я]|\b(?:и|на|се|за|от|със)\b/giu,
    ru: /[ыэё]|\b(?:и|не|что|на|это)\b/giu,
  },
  arabic: { fa: /[پچژگکی]/gu, ur: /[ٹڈڑںےہھ]/gu, ar: /[ةىكيأإ]/gu },
  devanagari: { mr: /[ळ]|आहे|आणि|च्या|मध्ये/gu, ne: /छ(?:न्|ैन|।|\s)|गर्न|हुन्|लाई/gu, hi: /है|हैं|और|में|के|का|की|से/gu },
};

/** Which language a text is in, by script and frequent words; undefined when nothing tells. */
export function detectLanguage(text: string): string | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return undefined;
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  for (const [language, pattern] of scripts) {
    if (count(pattern) > letters * (language === 'ja' ? 0.1 : 0.4)) return language;
  }
  const shared: readonly (readonly [string, RegExp])[] = [
    ['cyrillic', /\p{Script=Cyrillic}/gu],
    ['arabic', /\p{Script=Arabic}/gu],
    ['devanagari', /\p{Script=Devanagari}/gu],
  ];
  for (const [script, pattern] of shared) {
    if (count(pattern) <= letters * 0.4) continue;
    return best(Object.entries(scriptWords[script] ?? {}).map(([language, own]) => [language, count(own)]));
  }
  const given = text.toLowerCase().match(/[\p{L}']+/gu) ?? [];
  const byWords = best(
    Object.entries(words).map(([language, list]) => {
      const known = new Set(list.split(' '));
      return [language, given.filter((word) => known.has(word)).length];
    }),
  );
  return byWords ?? bySpelling(given);
}

/** Titles and names hold no frequent words; endings that hardly another language has still tell English. */
function bySpelling(given: readonly string[]): string | undefined {
  const english = given.filter((word) => /(?:ght|ics|ness|ology)s?$/.test(word)).length;
  return english * 8 >= given.length && english > 0 ? 'en' : undefined;
}

function best(counts: readonly (readonly [string, number])[]): string | undefined {
  let most: readonly [string, number] | undefined;
  for (const one of counts) if (one[1] > 0 && (most === undefined || one[1] > most[1])) most = one;
  return most?.[0];
}
