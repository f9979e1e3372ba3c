using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Data.Linking;

/// <summary>The groups of a data set, then those of the persons, in the columns of rows to link. Not thread-safe.</summary>
internal sealed class FirstRows : IGroupSource
{
    private readonly RoomLayout layout;
    private readonly RowPlacer placer;
    private readonly LinkFormat format;
    private readonly IGroupSource rows;
    private readonly IGroupSource? persons;
    private readonly AlignedBytes scratch;

    /// <param name="layout">The room's layout.</param>
    /// <param name="placer">Writes the rows.</param>
    /// <param name="format">The columns.</param>
    /// <param name="rows">The data set.</param>
    /// <param name="persons">The persons; null for the data set alone.</param>
    public FirstRows(RoomLayout layout, RowPlacer placer, LinkFormat format, IGroupSource rows, IGroupSource? persons)
    {
        (this.layout, this.placer, this.format, this.rows, this.persons) = (layout, placer, format, rows, persons);
        var capacity = Math.Max(layout.Capacities[rows.DataSet.Name], persons is null ? 0 : layout.Capacities[persons.DataSet.Name]);
        var wide = new RoomLayout
        {
            BucketCount = layout.BucketCount,
            Capacities = new Dictionary<string, int> { [DataSet.Name] = capacity },
        };
        Shape = new SortInput(wide, persons is null ? layout.GroupCount : 2 * layout.GroupCount, capacity, MostOfOneTag: 2);
        scratch = new AlignedBytes(Math.Max(layout.GroupSize(rows.DataSet), persons is null ? 0 : layout.GroupSize(persons.DataSet)));
    }

    /// <inheritdoc/>
    public DataSet DataSet => format.Rows;

    /// <summary>The shape of the groups.</summary>
    public SortInput Shape { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        var (source, side) = group < layout.GroupCount ? (rows, LinkColumns.OfDataSet) : (persons!, LinkColumns.OfPersons);
        var index = group % layout.GroupCount;
        var version = source.Read(index, this.scratch.Span[..layout.GroupSize(source.DataSet)]);
        placer.Begin(version, source.DataSet, index, side, new LinkGroup(Shape.Layout, format, scratch));
        return scratch;
    }
}

/// <summary>The groups that a pass wrote.</summary>
internal sealed class ScratchRows(DataSet dataSet, ScratchFile file, int pass) : IGroupSource
{
    /// <inheritdoc/>
    public DataSet DataSet => dataSet;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        file.Read(pass, group, scratch);
        return scratch;
    }
}

/// <summary>Groups whose rows get other tags and columns as they are read. Not thread-safe.</summary>
/// <param name="source">The groups; they are written to the scratch of each read.</param>
/// <param name="size">Bytes of each.</param>
/// <param name="dataSet">The columns that the rows get.</param>
/// <param name="place">Makes a group of one of the source.</param>
internal sealed class PlacedRows(IGroupSource source, int size, DataSet dataSet, PlaceRows place) : IGroupSource
{
    private readonly byte[] group = new byte[size];

    /// <inheritdoc/>
    public DataSet DataSet => dataSet;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        source.Read(group, this.group);
        place(this.group, scratch);
        return scratch;
    }
}

/// <summary>Writes a group in the order and the columns of another one, with other tags.</summary>
internal delegate void PlaceRows(Span<byte> from, Span<byte> to);
