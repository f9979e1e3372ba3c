using System.Globalization;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.Refusals;
using Parquet;
using Parquet.Schema;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads Parquet, row group by row group, and of each group only the columns that the caller reads.</summary>
internal sealed class ParquetRows : IRows
{
    // Any number or date is shorter.
    private const int BufferSize = 64;

    private readonly string path;
    private readonly string? timeColumn;
    private readonly FileStream file;
    private readonly ParquetReader reader;
    private readonly DataField[] fields;
    private readonly ColumnValues?[] columns;
    private readonly char[] buffer = new char[BufferSize];
    private ParquetRowGroupReader? group;
    private int nextGroup;
    private long row;

    /// <param name="path">The name of the file, for people.</param>
    /// <param name="file">The open file; disposed with this.</param>
    /// <param name="timeColumn">The column whose timestamps are points in time; a timestamp at midnight in another column is a day.</param>
    public ParquetRows(string path, FileStream file, string? timeColumn)
    {
        (this.path, this.file, this.timeColumn) = (path, file, timeColumn);
        try
        {
            reader = TranslateFailures(() => ParquetReader.CreateAsync(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
        fields = reader.Schema.GetDataFields();
        columns = new ColumnValues?[fields.Length];
        Header = [.. fields.Select(field => CanonicalText.Compose(field.Name.Trim()))];
    }

    public IReadOnlyList<string> Header { get; }

    public int FirstRow => 1;

    public int CellCount => fields.Length;

    public bool IsBlank => false;

    public long Position => file.Position;

    public bool Read()
    {
        row++;
        while (group is null || row >= group.RowCount)
        {
            group?.Dispose();
            group = null;
            Array.Clear(columns);
            if (nextGroup == reader.RowGroupCount)
            {
                return false;
            }
            group = reader.OpenRowGroupReader(nextGroup++);
            row = 0;
        }
        return true;
    }

    public ReadOnlySpan<char> Cell(int column) =>
        (columns[column] ??= TranslateFailures(() => ReadColumnAsync(fields[column]))).Text((int)row, buffer);

    public void Dispose()
    {
        group?.Dispose();
        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        file.Dispose();
    }

    private Task<ColumnValues> ReadColumnAsync(DataField field)
    {
        var type = field.ClrType;
        return field.IsArray || field.MaxRepetitionLevel > 0 ? throw RefuseColumn(field, "holds lists")
            : type == typeof(ReadOnlyMemory<char>) ? ReadAsync<ReadOnlyMemory<char>>(field, (value, _) => value.Span)
            : type == typeof(bool) ? ReadAsync<bool>(field, (value, _) => value ? "true" : "false")
            : type == typeof(sbyte) ? ReadNumberAsync<sbyte>(field)
            : type == typeof(byte) ? ReadNumberAsync<byte>(field)
            : type == typeof(short) ? ReadNumberAsync<short>(field)
            : type == typeof(ushort) ? ReadNumberAsync<ushort>(field)
            : type == typeof(int) ? ReadNumberAsync<int>(field)
            : type == typeof(uint) ? ReadNumberAsync<uint>(field)
            : type == typeof(long) ? ReadNumberAsync<long>(field)
            : type == typeof(ulong) ? ReadNumberAsync<ulong>(field)
            : type == typeof(float) ? ReadNumberAsync<float>(field)
            : type == typeof(double) ? ReadNumberAsync<double>(field)
            : type == typeof(decimal) ? ReadNumberAsync<decimal>(field)
            : type == typeof(DateOnly) ? ReadAsync<DateOnly>(field, (value, target) => Format(value, "yyyy-MM-dd", target))
            : type == typeof(DateTime) ? ReadTimesAsync(field)
            : throw RefuseColumn(field, $"is of type {type.Name}");
    }

    private Task<ColumnValues> ReadTimesAsync(DataField field)
    {
        var isTime = field.Name == timeColumn;
        var isUtc = field is DateTimeDataField { IsAdjustedToUTC: true };
        var format = isUtc ? "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fffffff";
        return ReadAsync<DateTime>(
            field, (value, target) => Format(value, value.TimeOfDay == TimeSpan.Zero && !isTime ? "yyyy-MM-dd" : format, target));
    }

    private Task<ColumnValues> ReadNumberAsync<T>(DataField field) where T : struct, ISpanFormattable =>
        ReadAsync<T>(field, (value, target) => Format(value, "", target));

    private async Task<ColumnValues> ReadAsync<T>(DataField field, Formatter<T> format) where T : struct
    {
        var values = new T?[group!.RowCount];
        if (field.IsNullable)
        {
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
        }
        else
        {
            var present = new T[group.RowCount];
            await group.ReadAsync(field, present.AsMemory()).ConfigureAwait(false);
            for (var i = 0; i < present.Length; i++)
            {
                values[i] = present[i];
            }
        }
        return new ColumnValues<T>(values, format);
    }

    private static ReadOnlySpan<char> Format<T>(T value, string format, Span<char> target) where T : ISpanFormattable =>
        value.TryFormat(target, out var written, format, CultureInfo.InvariantCulture)
            ? target[..written]
            : value.ToString(format, CultureInfo.InvariantCulture);

    // The library throws many types for a bad file; each of them means that the file is bad.
    private T TranslateFailures<T>(Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is not (RefusedException or OutOfMemoryException))
        {
            throw RoomClientReasons.RefuseData($"{path} is not valid Parquet: {failure.Message}");
        }
    }

    private RefusedException RefuseColumn(DataField field, string problem) => RoomClientReasons.RefuseData(
        $"{path} cannot be used", $"column '{field.Name}' {problem}; numbers, text, dates and booleans can be read");

    private delegate ReadOnlySpan<char> Formatter<T>(T value, Span<char> target);

    private abstract class ColumnValues
    {
        public abstract ReadOnlySpan<char> Text(int row, Span<char> buffer);
    }

    private sealed class ColumnValues<T>(T?[] values, Formatter<T> format) : ColumnValues where T : struct
    {
        public override ReadOnlySpan<char> Text(int row, Span<char> buffer) => values[row] is { } value ? format(value, buffer) : default;
    }
}
