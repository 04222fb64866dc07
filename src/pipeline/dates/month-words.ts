const rows = [
  'january,february,march,april,may,june,july,august,september,october,november,december',
  'jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec',
  'janvier,février,mars,avril,mai,juin,juillet,août,septembre,octobre,novembre,décembre',
  'janv,févr,mars,avr,mai,juin,juil,août,sept,oct,nov,déc',
  'jan,fév,mar,avr,mai,juin,juil,aoû,sep,oct,nov,déc',
]

/** Accents are part of their letter, characters of their own, or missing. */
function spellings(row: string): string[] {
  const apart = row.normalize('NFD')
  return [row.normalize('NFC'), apart, apart.replace(/\p{M}/gu, '')]
}

/**
 * English and French names of months, whole and short, in small letters with commas between them: the name at place n (from 1) is of the
 * month (n − 1) % 12 + 1.
 */
export const monthWords = [...new Set(rows.flatMap(spellings))].join(',')
