package intake

import (
	"slices"

	"onedoor/app/catalogue"
)

// Suggest keeps answers that somebody may have given already, in words of their own, for the questions to which they belong.
// None of them is an answer yet: each question is asked all the same. What a question would refuse is left out, and so is
// every safety question and whatever follows from who the person is: nobody answers those for them.
func (w *Walker) Suggest(c *Conversation, answers catalogue.Answers) error {
	if err := c.touch(w.now()); err != nil {
		return err
	}
	q, err := w.questionnaire(c)
	if err != nil {
		return err
	}
	for id, values := range answers {
		it, ok := q.Item(id)
		if !ok || !it.Asked() || it.Safety() || it.RedFlag || it.Derived || c.answered(id) {
			continue
		}
		checked, err := it.Check(values)
		if err != nil || len(checked) == 0 {
			continue
		}
		if c.Suggested == nil {
			c.Suggested = make(catalogue.Answers)
		}
		c.Suggested[id] = slices.Clone(checked)
	}
	return nil
}
