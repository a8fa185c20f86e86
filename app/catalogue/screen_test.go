package catalogue

import (
	"slices"
	"strings"
	"testing"
)

func TestScreenFindsEmergenciesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for _, text := range []string{
		"I have chest pain",
		"ive got really bad CHEST   PAINS since this morning",
		"there is a tight feeling, my chest feels really tight",
		"crushing pain in my chest and my arm aches",
		"I cant breathe",
		"I can’t breathe",
		"i can't\nbreathe properly",
		"No, I cannot breathe",
		"no i cant breath",
		"cannot catch my breath",
		"she is not breathing",
		"struggling to breathe",
		"my husband is having a stroke",
		"His face has dropped on one side",
		"face is drooping and slurred speech",
		"her speech is slurred",
		"mum is unresponsive",
		"dad collapsed and wont wake up",
		"My son is having a fit",
		"he had a seizure this morning",
		"bleeding that won't stop",
		"I can't stop the bleeding",
		"coughing up blood",
		"her lips are blue",
		"lips have gone blue",
		"my tongue is swelling up",
		"my throat feels like it is closing. throat is closing",
		"anaphylaxis",
		"I think it might be sepsis",
		"rash that doesnt fade when pressed. rash does not fade",
		"took an overdose last night",
		"I've taken too many paracetamol",
		"I want to kill myself",
		"i want to die",
		"I don't want to live any more",
		"feeling suicidal",
		"thinking about ending my life",
		"heart attack",
		"I have no appetite and chest pain",
		"no cough, chest pain since Monday",
		"not sleeping because of chest pain",
		"not getting better chest pain",
		"chest pain won't go away",
		"I have never had chest pain like this",
		"not just chest pain but pain everywhere",
		"no chest pain until today",
		"Do you mean chest pain? No idea what else to call it",
		"history of heart attack and now chest pain",
		"had chest pain last month but today the chest pain is back",
		"no better, with chest pain",
		"the bleeding will not stop",
		"he will not wake up",
		"I don't want to be here any more",
		"swallowed a whole packet of paracetamol",
		"no reason to live",
		"my newborn son has a rash which does not fade",
		"no longer just a cough: chest pain",
		"not sure if this is a heart attack",
		"worried I am having a heart attack",
		"c\u200bhest pain",
		"ch\u00adest pain",
	} {
		if got := screen.Read(text, false); got.Level != Emergency {
			t.Errorf("%q: %s %q, want an emergency", text, got.Level, got.Phrases)
		}
	}
}

func TestScreenLeavesDenialsAlone(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for _, text := range []string{
		"",
		"I have a sore throat and a runny nose",
		"no chest pain",
		"No chest pain.",
		"I do not have any chest pain",
		"I don’t have chest pain",
		"hasn't had any chest pain or difficulty breathing",
		"no cough or chest pain",
		"no fever, cough or chest pain",
		"without chest pain",
		"denies chest pain",
		"never had a seizure",
		"no signs of a stroke",
		"no symptoms of sepsis",
		"not suicidal",
		"no suicidal thoughts",
		"no thoughts of suicide",
		"I do not want to die",
		"Chest pain? No.",
		"chest pain: no",
		"Chest pain - none, cough - yes",
		"she has not collapsed",
		"my chest is fine, pain in my knee",
		"chest infection no pain",
		"I need a letter for my employer, the heating is broken",
		"breast stroke makes my shoulder ache, so does tennis. strokes",
	} {
		if got := screen.Read(text, true); got.Level != Clear {
			t.Errorf("%q: %s %q, want clear", text, got.Level, got.Phrases)
		}
	}
}

func TestScreenReadsWelsh(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for text, want := range map[string]Level{
		"mae gen i boen yn fy mrest":                       Emergency,
		"poen ofnadwy yn y frest":                          Emergency,
		"Mae fy mrest i’n brifo":                           Emergency,
		"trawiad ar y galon":                               Emergency,
		"dw i'n methu anadlu":                              Emergency,
		"fi'n ffili cael fy ngwynt":                        Emergency,
		"dyw e ddim yn anadlu":                             Emergency,
		"dydi hi ddim yn deffro":                           Emergency,
		"dw i'n meddwl ei fod o'n cael strôc":              Emergency,
		"mae o'n anymwybodol":                              Emergency,
		"mae hi'n gwaedu'n drwm":                           Emergency,
		"mae fy nhafod yn chwyddo":                         Emergency,
		"wedi cymryd gormod o dabledi":                     Emergency,
		"mae wedi cymryd gorddos":                          Emergency,
		"dw i eisiau marw":                                 Emergency,
		"fi moyn lladd fy hun":                             Emergency,
		"dwi ddim isio byw":                                Emergency,
		"apwyntiad plis, chest pain ers bore ma":           Emergency,
		"dim poen yn y frest":                              Clear,
		"does gen i ddim poen yn fy mrest":                 Clear,
		"does dim arwydd o strôc":                          Clear,
		"heb gael trawiad ar y galon":                      Clear,
		"dw i eisiau papur doctor":                         Clear,
		"mae rhywun wedi marw, dw i angen tystysgrif":      Clear,
		"fi moyn nodyn ffit":                               Clear,
		"mae gwaed yn fy wrin":                             Urgent,
		"bu farw fy nhad o strôc":                          Urgent,
		"ges i strôc dair blynedd yn ôl":                   Urgent,
		"dw i'n methu ymdopi":                              Urgent,
		"my vision is dim and I have chest pain":           Emergency,
		"the light was dim chest pain came on in the shop": Emergency,
	} {
		if got := screen.Read(text, false); got.Level != want {
			t.Errorf("%q: %s %q, want %s", text, got.Level, got.Phrases, want)
		}
	}
	if !screen.Read("fi moyn lladd fy hun", false).Crisis || screen.Read("poen yn fy mrest", false).Crisis {
		t.Error("a crisis is not told from a body's emergency")
	}
}

func TestScreenKeepsWhatIsPastOrOthersAtUrgentAtMost(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for _, text := range []string{
		"my father died of a stroke",
		"My mum had a stroke three years ago",
		"family history of heart attack",
		"I had a heart attack in 2015",
		"a seizure last year",
		"my brother died of an overdose",
		"short of breath when climbing stairs",
		"I feel I can't cope",
		"I fainted yesterday",
		"there is blood in my urine",
		"at the stroke clinic they said to ask you",
	} {
		got := screen.Read(text, false)
		if got.Level != Urgent {
			t.Errorf("%q: %s %q, want urgent", text, got.Level, got.Phrases)
		}
	}
}

func TestScreenReadsPhrasesAboutChildrenUnlessTheyAreGrownUp(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for _, text := range []string{
		"the baby is floppy", "he is 6 weeks old and has a fever", "swallowed a button battery", "grunting when breathing in",
	} {
		if got := screen.Read(text, true); got.Level != Emergency {
			t.Errorf("%q of a child: %s, want an emergency", text, got.Level)
		}
	}
	if got := screen.Read("my hat is floppy", false); got.Level != Clear {
		t.Errorf("of an adult: %s, want clear", got.Level)
	}
}

func TestScreenTellsACrisisFromABodysEmergency(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	if got := screen.Read("I want to end my life", false); !got.Crisis {
		t.Errorf("a crisis was not told: %+v", got)
	}
	if got := screen.Read("I want to end my life and have chest pain", false); got.Crisis {
		t.Errorf("an emergency of the body was taken for a crisis alone: %+v", got)
	}
	if got := screen.Read("blood in my urine", false); got.Crisis {
		t.Errorf("an urgent finding was taken for a crisis: %+v", got)
	}
}

func TestEachPhraseIsFound(t *testing.T) {
	t.Parallel()
	screen := mustLoad(t).Screen()
	for _, line := range strings.Split(phrases+"\n"+phrasesWelsh, "\n") {
		if line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		words := make([]string, 0, 8)
		for _, field := range strings.Fields(line) {
			if field == "_" {
				continue
			}
			first, _, _ := strings.Cut(field, "|")
			words = append(words, strings.TrimSuffix(first, "*"))
		}
		text := strings.Join(words, " ")
		if got := screen.Read(text, true); !slices.Contains(got.Phrases, line) && got.Level != Emergency {
			t.Errorf("phrase %q does not find %q", line, text)
		}
	}
}

func TestPhraseListRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{
		"heading not known":     "[soon]\nchest pain",
		"before any heading":    "chest pain",
		"apostrophe":            "[urgent]\ncan't breathe",
		"begins with a gap":     "[urgent]\n_ pain",
		"star inside a word":    "[urgent]\nche*st",
		"empty alternative":     "[urgent]\nchest|",
		"ends with a gap":       "[urgent]\nchest _",
		"heading without words": "[]\nchest",
	} {
		if _, err := parseScreen(list); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzScreen(f *testing.F) {
	for _, seed := range []string{"", "I can’t breathe", "no chest pain, fever or a stroke", "my father died of a stroke", "\xff\x00 no or", "a stroke? no"} {
		f.Add(seed)
	}
	c, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		grown := c.Screen().Read(text, false)
		child := c.Screen().Read(text, true)
		if child.Level.rank() < grown.Level.rank() {
			t.Errorf("%q is %s of a child and %s of an adult", text, child.Level, grown.Level)
		}
		if (grown.Level == Clear) != (len(grown.Phrases) == 0) {
			t.Errorf("%q: %s by %q", text, grown.Level, grown.Phrases)
		}
		again := c.Screen().Read(strings.ReplaceAll(text, " ", "  "), false)
		if again.Level != grown.Level {
			t.Errorf("%q: white space changed %s to %s", text, grown.Level, again.Level)
		}
	})
}
