import type { PDFDocument, PDFFont, PDFPage } from '@cantoo/pdf-lib';
import { toStandardFont, wrapText } from './pdf-text.ts';

/** A column: where it starts, how wide it is, and at which side its text stands. */
export interface PdfColumn {
  readonly title: string;
  readonly x: number;
  readonly width: number;
  readonly align: 'left' | 'right';
}

/** The two faces that a document is set in. */
export interface PdfFonts {
  readonly regular: PDFFont;
  readonly bold: PDFFont;
}

const page = { width: 595.28, height: 841.89, margin: 48 };
const footerHeight = 36;
const lineHeight = 12;
const textSize = 9;

/** Writes text from top to bottom over as many pages as it takes, and repeats the head of a table on each. */
export class PdfWriter {
  readonly #document: PDFDocument;
  readonly #fonts: PdfFonts;
  readonly #pages: PDFPage[] = [];
  #columns: readonly PdfColumn[] = [];
  #top = 0;
  #isComplete = true;

  constructor(document: PDFDocument, fonts: PdfFonts) {
    this.#document = document;
    this.#fonts = fonts;
    this.#addPage();
  }

  /** Every character could be drawn. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Writes a line of text, wrapped. */
  write(text: string, style: { readonly size?: number; readonly isBold?: boolean } = {}): void {
    const size = style.size ?? textSize;
    const font = style.isBold === true ? this.#fonts.bold : this.#fonts.regular;
    for (const line of this.#wrap(text, { font, size, width: page.width - 2 * page.margin })) {
      this.#makeRoom(size + 3);
      this.#current().drawText(line, { x: page.margin, y: this.#top - size, size, font });
      this.#top -= size + 3;
    }
  }

  space(height = lineHeight): void {
    this.#top -= height;
  }

  /** Starts a table; its head is repeated on each page until it ends. */
  startTable(columns: readonly PdfColumn[]): void {
    this.#makeRoom(3 * lineHeight);
    this.#columns = columns;
    this.#writeHead();
  }

  endTable(): void {
    this.#columns = [];
  }

  /** Writes a row of the table; a row is never divided between pages. */
  row(cells: readonly string[], style: { readonly isBold?: boolean } = {}): void {
    const font = style.isBold === true ? this.#fonts.bold : this.#fonts.regular;
    const wrapped = this.#columns.map(({ width }, index) =>
      this.#wrap(cells[index] ?? '', { font, size: textSize, width: width - 4 }),
    );
    const height = Math.max(...wrapped.map(({ length }) => length)) * lineHeight + 2;
    if (this.#makeRoom(height)) this.#writeHead();
    for (const [index, column] of this.#columns.entries()) {
      for (const [number, line] of (wrapped[index] ?? []).entries()) {
        const own = font.widthOfTextAtSize(line, textSize);
        const x = column.align === 'left' ? column.x : column.x + column.width - own;
        this.#current().drawText(line, { x, y: this.#top - textSize - number * lineHeight, size: textSize, font });
      }
    }
    this.#top -= height;
  }

  /** Numbers the pages. */
  finish(footer: string): void {
    const { text } = toStandardFont(footer);
    for (const [index, sheet] of this.#pages.entries()) {
      const line = `${text} - page ${index + 1} of ${this.#pages.length}`;
      sheet.drawText(line, { x: page.margin, y: page.margin - 18, size: 7, font: this.#fonts.regular });
    }
  }

  #wrap(text: string, box: { readonly font: PDFFont; readonly size: number; readonly width: number }): string[] {
    const drawable = toStandardFont(text);
    this.#isComplete &&= drawable.isComplete;
    return wrapText(drawable.text, (part) => box.font.widthOfTextAtSize(part, box.size), box.width);
  }

  #writeHead(): void {
    const { bold } = this.#fonts;
    for (const { title, x, width, align } of this.#columns) {
      const left = align === 'left' ? x : x + width - bold.widthOfTextAtSize(title, textSize);
      this.#current().drawText(title, { x: left, y: this.#top - textSize, size: textSize, font: bold });
    }
    this.#top -= lineHeight + 2;
    const end = { x: page.width - page.margin, y: this.#top };
    this.#current().drawLine({ start: { x: page.margin, y: this.#top }, end, thickness: 0.5 });
    this.#top -= 4;
  }

  /** Takes a new page when the height does not fit; says whether it did. */
  #makeRoom(height: number): boolean {
    if (this.#top - height >= page.margin + footerHeight) return false;
    this.#addPage();
    return true;
  }

  #addPage(): void {
    this.#pages.push(this.#document.addPage([page.width, page.height]));
    this.#top = page.height - page.margin;
  }

  #current(): PDFPage {
    const sheet = this.#pages.at(-1);
    if (!sheet) throw new Error('A document has at least one page.');
    return sheet;
  }
}
