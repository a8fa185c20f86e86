package pages

import "onedoor/ui/components"

// PolicyPicture is a policy as a picture: what people need, the rule that takes it, and where it goes.
type PolicyPicture struct {
	Studio
	Says   string
	Weighs string // what the figures count
	Flow   components.Flow
	Rows   []PictureRow // the same as the picture, in words
}

// PictureRow is one rule in the table beside the picture.
type PictureRow struct {
	Needs, Rule, Href, Goes string
	Urgency                 Label
	Requests                string
	Mark                    string // new, changed, switched off
}
