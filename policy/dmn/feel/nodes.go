package feel

// node is a part of an expression.
type node interface {
	eval(r *Run, s *Scope) Value
	// parts are the expressions within.
	parts() []node
}

type (
	literal   struct{ value Value }
	atLiteral struct{ text string }
	variable  struct{ name string }
	logic     struct {
		left, right node
		or          bool
	}
	compare struct {
		op          string
		left, right node
	}
	between struct{ value, low, high node }
	inTests struct {
		value node
		tests []node
	}
	instanceOf struct {
		value node
		of    *Type
	}
	unary struct {
		op      string
		operand node
	}
	arithmetic struct {
		op          byte
		left, right node
	}
	negative struct{ operand node }
	path     struct {
		from node
		name string
	}
	filter struct{ from, condition node }
	invoke struct {
		function node
		args     []node
		names    []string // of the arguments, when they are given by name
	}
	list     []node
	interval struct {
		low, high             node
		lowClosed, highClosed bool
	}
	entry struct {
		name  string
		value node
	}
	context struct {
		entries   []entry
		duplicate bool
	}
	conditional struct{ test, yes, no node }
	iterator    struct {
		name     string
		from, to node // to is nil unless the iterator counts from..to
	}
	loop struct {
		iterators []iterator
		result    node
	}
	quantified struct {
		every     bool
		iterators []iterator
		condition node
	}
	function struct {
		params   []Param
		body     node
		external bool
	}
)

func (literal) parts() []node       { return nil }
func (atLiteral) parts() []node     { return nil }
func (variable) parts() []node      { return nil }
func (n logic) parts() []node       { return []node{n.left, n.right} }
func (n compare) parts() []node     { return []node{n.left, n.right} }
func (n between) parts() []node     { return []node{n.value, n.low, n.high} }
func (n inTests) parts() []node     { return append([]node{n.value}, n.tests...) }
func (n instanceOf) parts() []node  { return []node{n.value} }
func (n unary) parts() []node       { return []node{n.operand} }
func (n arithmetic) parts() []node  { return []node{n.left, n.right} }
func (n negative) parts() []node    { return []node{n.operand} }
func (n path) parts() []node        { return []node{n.from} }
func (n filter) parts() []node      { return []node{n.from, n.condition} }
func (n invoke) parts() []node      { return append([]node{n.function}, n.args...) }
func (n list) parts() []node        { return n }
func (n interval) parts() []node    { return []node{n.low, n.high} }
func (n conditional) parts() []node { return []node{n.test, n.yes, n.no} }
func (n function) parts() []node    { return []node{n.body} }

func (n context) parts() []node {
	var all []node
	for _, e := range n.entries {
		all = append(all, e.value)
	}
	return all
}

func (n loop) parts() []node       { return append(sources(n.iterators), n.result) }
func (n quantified) parts() []node { return append(sources(n.iterators), n.condition) }

func sources(iterators []iterator) []node {
	var all []node
	for _, it := range iterators {
		all = append(all, it.from)
		if it.to != nil {
			all = append(all, it.to)
		}
	}
	return all
}

// inputName is what a unary test calls the value that it tests.
const inputName = "?"

func mentionsInput(n node) bool {
	if v, is := n.(variable); is && v.name == inputName {
		return true
	}
	for _, part := range n.parts() {
		if mentionsInput(part) {
			return true
		}
	}
	return false
}
