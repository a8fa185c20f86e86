package api_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"onedoor/app/audit"
	"onedoor/app/demo"
	"onedoor/app/patients"
	"onedoor/app/requests"
)

// said is a tenth of a second of mu-law.
func said() []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data")
	b = binary.LittleEndian.AppendUint32(b, 800)
	return append(b, make([]byte, 800)...)
}

// spoken is a request with a recording in place of words.
func (w *world) spoken(t *testing.T) (requests.Reference, uuid.UUID) {
	t.Helper()
	riverside := demo.NeighbourhoodID("riverside")
	id, err := w.Recordings.Keep(t.Context(), riverside, uuid.New(), "describe", said())
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := w.Requests.Submit(t.Context(), requests.Submission{
		NeighbourhoodID: riverside, Channel: requests.Phone, Kind: "admin", By: audit.Actor{Kind: audit.Patient},
		Patient: patients.Given{NHSNumber: w.Patients[0].NHSNumber}, Recordings: map[string]uuid.UUID{"describe": id},
		Incomplete: &requests.Incomplete{Kind: "admin", Caller: "+447700900123", Answers: []requests.IncompleteAnswer{{LinkID: "describe", Question: "What?", Recording: id}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Reference, id
}

func TestRecordingsOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reference, id := w.spoken(t)
	path := "/api/v1/requests/" + string(reference)
	view := must(t, w.call(t, "receptionist", "GET", path, nil), 200)
	staff := view.json["staff"].(map[string]any)
	if staff["incomplete"] == nil || staff["recordings"].(map[string]any)["describe"] != id.String() {
		t.Errorf("the request says: %v", staff)
	}
	var list []map[string]any
	listed := must(t, w.call(t, "receptionist", "GET", path+"/recordings", nil), 200)
	if err := json.Unmarshal(listed.body, &list); err != nil || len(list) != 1 || list[0]["id"] != id.String() || list[0]["seconds"] != 0.1 || list[0]["heard"] != nil {
		t.Errorf("%s, %v", listed.body, err)
	}
	sound := w.unheld(t, "receptionist", "GET", path+"/recordings/"+id.String(), nil)
	if sound.StatusCode != 200 || sound.Header.Get("Content-Type") != "audio/wav" || sound.Header.Get("Cache-Control") != "no-store" || !bytes.HasPrefix(sound.body, []byte("RIFF")) {
		t.Fatalf("%d %s", sound.StatusCode, sound.Header)
	}
	part := w.unheld(t, "receptionist", "GET", path+"/recordings/"+id.String(), nil, "Range", "bytes=4-7")
	if part.StatusCode != 206 || !bytes.Equal(part.body, sound.body[4:8]) {
		t.Errorf("a part: %d, %d bytes", part.StatusCode, len(part.body))
	}
	queue := view.json["queue"].(map[string]any)["id"].(string)
	if row := must(t, w.call(t, "receptionist", "GET", "/api/v1/queues/"+queue+"/requests", nil), 200); !bytes.Contains(row.body, []byte(`"incomplete":true`)) {
		t.Errorf("the queue does not mark it: %s", row.body)
	}
}

func TestOthersCannotHearARecording(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reference, id := w.spoken(t)
	path := "/api/v1/requests/" + string(reference) + "/recordings"
	for _, key := range []string{"foreign_receptionist", "pharmacist", "partner", "app"} {
		for _, at := range []string{path, path + "/" + id.String()} {
			if got := w.call(t, key, "GET", at, nil); got.StatusCode != 404 {
				t.Errorf("%s at %s: %d", key, at, got.StatusCode)
			}
		}
	}
	for _, key := range []string{"lead", "operator"} {
		if got := w.call(t, key, "GET", path+"/"+id.String(), nil); got.StatusCode != 403 {
			t.Errorf("%s: %d", key, got.StatusCode)
		}
	}
	if got := w.call(t, "", "GET", path+"/"+id.String(), nil); got.StatusCode != 401 {
		t.Errorf("nobody: %d", got.StatusCode)
	}
	for _, made := range []string{uuid.NewString(), "1", "..%2f.."} {
		if got := w.call(t, "receptionist", "GET", path+"/"+made, nil); got.StatusCode != 404 {
			t.Errorf("%s: %d", made, got.StatusCode)
		}
	}
}
