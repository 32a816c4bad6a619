package pseudonym

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// nestedKernel carries a kernel into lists: each element is pseudonymized, and
// which elements a list has stays as it is.
type nestedKernel struct{ kernel }

var errNestedReads = errors.New("a method that reads another column does not look into lists")

// maxDepth is how many lists may lie in each other.
const maxDepth = 8

func (k nestedKernel) outType(
	in arrow.DataType, further []arrow.DataType,
) (arrow.DataType, error) {
	return k.typeAt(in, further, 0)
}

func (k nestedKernel) typeAt(
	in arrow.DataType, further []arrow.DataType, depth int,
) (arrow.DataType, error) {
	list, ok := in.(arrow.ListLikeType)
	if !ok || in.ID() == arrow.MAP {
		return k.kernel.outType(in, further)
	}
	if len(k.reads()) > 0 {
		return nil, errNestedReads
	}
	if depth == maxDepth {
		return nil, fmt.Errorf("more than %d lists in each other", maxDepth)
	}
	elem := list.ElemField()
	typ, err := k.typeAt(elem.Type, further, depth+1)
	if err != nil {
		return nil, err
	}
	return listType(in, arrow.Field{Name: elem.Name, Type: typ, Nullable: true})
}

// listType is the type of a list like in with other elements.
func listType(in arrow.DataType, elem arrow.Field) (arrow.DataType, error) {
	switch t := in.(type) {
	case *arrow.ListType:
		return arrow.ListOfField(elem), nil
	case *arrow.LargeListType:
		return arrow.LargeListOfField(elem), nil
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), elem), nil
	}
	return nil, fmt.Errorf("%s is not supported; want list, large_list or fixed_size_list", in)
}

func (k nestedKernel) transform(ctx context.Context, mem memory.Allocator, a arrow.Array,
	further []arrow.Array) (arrow.Array, error) {
	switch a := a.(type) {
	case *array.List:
		return transformList(ctx, mem, k, a, a.Offsets())
	case *array.LargeList:
		return transformList(ctx, mem, k, a, a.Offsets())
	case *array.FixedSizeList:
		return k.fixedSize(ctx, mem, a)
	}
	return k.kernel.transform(ctx, mem, a, further)
}

// transformList pseudonymizes the elements that the lists of a refer to and
// counts the offsets from the first of them.
func transformList[T int32 | int64](ctx context.Context, mem memory.Allocator, k nestedKernel,
	a array.ListLike, offsets []T) (arrow.Array, error) {
	n, first := a.Len(), T(0)
	moved := newBuffer(mem, (n+1)*arrow.GetDataType[T]().(arrow.FixedWidthDataType).Bytes())
	defer moved.Release()
	to := arrow.GetData[T](moved.Bytes())
	clear(to)
	if n > 0 {
		from := a.Data().Offset()
		if len(offsets) < from+n+1 {
			return nil, errDamaged
		}
		offsets = offsets[from : from+n+1]
		first = offsets[0]
		for i, end := range offsets {
			if end < first || i > 0 && end < offsets[i-1] {
				return nil, errDamaged
			}
			to[i] = end - first
		}
	}
	size := to[n]
	if first < 0 || int64(first)+int64(size) > int64(a.ListValues().Len()) {
		return nil, errDamaged
	}
	return k.rebuild(ctx, mem, a, int(first), int(size), moved)
}

func (k nestedKernel) fixedSize(
	ctx context.Context, mem memory.Allocator, a *array.FixedSizeList,
) (arrow.Array, error) {
	width := int(a.DataType().(*arrow.FixedSizeListType).Len())
	from, size := a.Data().Offset()*width, a.Len()*width
	if from+size > a.ListValues().Len() {
		return nil, errDamaged
	}
	return k.rebuild(ctx, mem, a, from, size)
}

// rebuild makes a list of the pseudonyms of size elements of a, from the given
// one on, with the nulls of a and further buffers.
func (k nestedKernel) rebuild(ctx context.Context, mem memory.Allocator, a array.ListLike,
	from, size int, more ...*memory.Buffer) (arrow.Array, error) {
	elems := array.NewSlice(a.ListValues(), int64(from), int64(from+size))
	defer elems.Release()
	out, err := k.transform(ctx, mem, elems, nil)
	if err != nil {
		return nil, fmt.Errorf("element of a list: %w", err)
	}
	defer out.Release()
	elem := a.DataType().(arrow.ListLikeType).ElemField()
	typ, err := listType(a.DataType(),
		arrow.Field{Name: elem.Name, Type: out.DataType(), Nullable: true})
	if err != nil {
		return nil, err
	}
	v, err := validityOf(a)
	if err != nil {
		return nil, err
	}
	valid := v.copy(mem, a.Len())
	if valid != nil {
		defer valid.Release()
	}
	data := array.NewData(typ, a.Len(), append([]*memory.Buffer{valid}, more...),
		[]arrow.ArrayData{out.Data()}, v.count(a.Len()), 0)
	defer data.Release()
	return array.MakeFromData(data), nil
}
