// Package pdf draws a document of package clinical on A4 pages, for systems that file what a person reads as it looks: the
// same facts as its Text, in the same words. The same document gives the same bytes at every try.
//
// The pages hold real text that can be searched, copied and read aloud, in reading order, with the document's language and
// title, in an embedded font that has every letter of English and Welsh. They are not tagged (PDF/UA): the library cannot
// write a structure tree; whoever needs structure has the text beside it. A letter that the font lacks is drawn as its code,
// such as [U+4E2D], so that nothing is left out unseen.
//
// It sends nothing, stores nothing and reads no clock: what it draws comes from the document alone.
package pdf

import (
	"bytes"
	"fmt"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"

	"onedoor/app/clinical"
)

// ContentType of what Draw gives.
const ContentType = "application/pdf"

// Measures in millimetres, sizes in points.
const (
	margin     = 20.0
	foot       = 18.0
	labelWidth = 45.0
	lineHeight = 5.6
	bodySize   = 11.0
	titleSize  = 16.0
	smallSize  = 9.0
	family     = "DejaVu"
)

// Draw makes the document's pages.
func Draw(doc clinical.Document) ([]byte, error) {
	letters, err := knownLetters(dejavusanscondensed.TTF, dejavusanscondensedbold.TTF)
	if err != nil {
		return nil, err
	}
	p := &pages{Fpdf: fpdf.New("P", "mm", "A4", ""), letters: letters}
	p.prepare(doc)
	p.head(doc)
	p.facts(doc)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("draw a document: %w", err)
	}
	return out.Bytes(), nil
}

// pages are being drawn.
type pages struct {
	*fpdf.Fpdf
	letters letters
}

func (p *pages) prepare(doc clinical.Document) {
	p.SetCreationDate(doc.RecordedAt.UTC())
	p.SetModificationDate(doc.RecordedAt.UTC())
	p.SetCatalogSort(true)
	p.SetProducer("Onedoor", true)
	p.SetCreator("Onedoor", true)
	p.SetTitle(p.letters.drawable(doc.Title()), true)
	p.SetLang("en-GB")
	p.AddUTF8FontFromBytes(family, "", dejavusanscondensed.TTF)
	p.AddUTF8FontFromBytes(family, "B", dejavusanscondensedbold.TTF)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, foot+lineHeight)
	p.AliasNbPages("{pages}")
	p.SetFooterFunc(func() { p.footer(doc) })
}

// footer says on each page whose it is: pages get parted.
func (p *pages) footer(doc clinical.Document) {
	p.SetY(-foot)
	p.SetFont(family, "", smallSize)
	p.SetTextColor(60, 60, 60)
	whose := doc.Patient.Name()
	if number := doc.Patient.NHSNumber.Spaced(); number != "" {
		whose += "  NHS number " + number
	}
	p.CellFormat(0, 4, p.letters.drawable(whose), "T", 1, "L", false, 0, "")
	p.CellFormat(0, 4, fmt.Sprintf("Reference %s  Page %d of {pages}", doc.Reference, p.PageNo()), "", 0, "L", false, 0, "")
}

func (p *pages) head(doc clinical.Document) {
	p.AddPage()
	p.SetTextColor(0, 0, 0)
	p.SetFont(family, "B", titleSize)
	p.Bookmark(p.letters.drawable(doc.Title()), 0, -1)
	p.MultiCell(0, 8, p.letters.drawable(doc.Title()), "", "L", false)
	p.Ln(2)
}

// facts are what Document.Facts gives, a section after the other.
func (p *pages) facts(doc clinical.Document) {
	for _, section := range doc.Facts() {
		p.Ln(lineHeight / 2)
		for _, fact := range section {
			p.fact(fact)
		}
	}
}

func (p *pages) fact(f clinical.Fact) {
	says := p.letters.drawable(f.Says)
	if f.Name == "" {
		p.SetFont(family, "", bodySize)
		p.MultiCell(0, lineHeight, says, "", "L", false)
		return
	}
	p.keepTogether(says)
	top := p.GetY()
	page := p.PageNo()
	p.SetFont(family, "B", bodySize)
	p.MultiCell(labelWidth-3, lineHeight, p.letters.drawable(f.Name), "", "L", false)
	below := p.GetY()
	p.SetXY(margin+labelWidth, top)
	p.SetFont(family, "", bodySize)
	p.MultiCell(0, lineHeight, says, "", "L", false)
	if p.PageNo() == page {
		p.SetY(max(below, p.GetY()))
	}
}

// keepTogether begins a new page where a label would stand alone at the foot of this one. What is longer than a page is
// broken wherever it has to be.
func (p *pages) keepTogether(says string) {
	p.SetFont(family, "", bodySize)
	_, height := p.GetPageSize()
	lines := len(p.SplitText(says, 210-2*margin-labelWidth))
	needs := float64(min(max(lines, 2), 10)) * lineHeight
	if p.GetY()+needs > height-foot-lineHeight {
		p.AddPage()
		p.SetTextColor(0, 0, 0)
	}
}
