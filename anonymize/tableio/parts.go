package tableio

// Parts are the shards that the file can be read in: the row groups of a
// Parquet file, in order and each a table of its own with the columns and types
// of the whole, or the file itself for other formats and for a Parquet file of
// at most one row group. The rows of all parts are those of the file. Each part
// can be read beside the others; its digest is that of the file.
func (t *File) Parts() []*File {
	p, ok := t.table.(*parquetTable)
	if !ok || len(p.meta.RowGroups) < 2 {
		return []*File{t}
	}
	parts := make([]*File, len(p.meta.RowGroups))
	for g := range parts {
		meta := *p.meta
		meta.RowGroups = meta.RowGroups[g : g+1]
		meta.Rows = meta.RowGroups[0].Rows
		of, group := *t, *p
		group.meta, group.file = &meta, &of
		of.table = &group
		parts[g] = &of
	}
	return parts
}
