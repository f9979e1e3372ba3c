using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.Refusals;
using Parquet;
using Parquet.Schema;
using StoredType = Parquet.Meta.Type;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads Parquet, row group by row group, and of each group only the columns that the caller reads.</summary>
internal sealed class ParquetRows : IRows
{
    // Any number or date is shorter.
    private const int BufferSize = 64;

    // Behind the footer: its size, and the four letters with which the file begins, too.
    private const int TailSize = 8;

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
            RequireFooter();
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

    /// <inheritdoc/>
    public string? FindProblem(int column) =>
        fields[column].IsArray || fields[column].MaxRepetitionLevel > 0 ? "holds lists" : FindReader(fields[column]) is null
            ? $"is of type {fields[column].ClrType.Name}"
            : null;

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
        (columns[column] ??= TranslateFailures(() => ReadColumnAsync(column))).Text((int)row, buffer);

    public void Dispose()
    {
        group?.Dispose();
        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        file.Dispose();
    }

    private Task<ColumnValues> ReadColumnAsync(int column) => FindProblem(column) is { } problem
        ? throw RoomClientReasons.RefuseData(
            $"{path} cannot be used", $"column '{Header[column]}' {problem}; numbers, text, dates and booleans can be read")
        : FindReader(fields[column])!();

    private Func<Task<ColumnValues>>? FindReader(DataField field)
    {
        var type = field.ClrType;
        return type == typeof(ReadOnlyMemory<char>) ? () => ReadAsync<ReadOnlyMemory<char>>(field, (value, _) => value.Span)
            : type == typeof(ReadOnlyMemory<byte>) ? () => ReadAsync<ReadOnlyMemory<byte>>(field, (value, _) => ReadText(value.Span))
            : type == typeof(Guid) ? () => ReadNumberAsync<Guid>(field)
            : type == typeof(bool) ? () => ReadAsync<bool>(field, (value, _) => value ? "true" : "false")
            : type == typeof(sbyte) ? () => ReadStoredAsync<sbyte>(field, FormatNumber, stored => (sbyte)stored)
            : type == typeof(byte) ? () => ReadStoredAsync<byte>(field, FormatNumber, stored => (byte)stored)
            : type == typeof(short) ? () => ReadNumberAsync<short>(field)
            : type == typeof(ushort) ? () => ReadNumberAsync<ushort>(field)
            : type == typeof(int) ? () => ReadNumberAsync<int>(field)
            : type == typeof(uint) ? () => ReadNumberAsync<uint>(field)
            : type == typeof(long) ? () => ReadNumberAsync<long>(field)
            : type == typeof(ulong) ? () => ReadNumberAsync<ulong>(field)
            : type == typeof(float) ? () => ReadNumberAsync<float>(field)
            : type == typeof(double) ? () => ReadNumberAsync<double>(field)
            : type == typeof(decimal) ? () => ReadStoredAsync<decimal>(field, FormatNumber, stored => Scale(stored, field))
            : type == typeof(DateTime) ? () => ReadTimesAsync(field)
            : null;
    }

    // Some writers do not say that bytes are text, and some write a hash as its 32 bytes.
    private static ReadOnlySpan<char> ReadText(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Convert.ToHexStringLower(bytes);

    private Task<ColumnValues> ReadTimesAsync(DataField field)
    {
        var isTime = field.Name == timeColumn;
        var isUtc = field is DateTimeDataField { IsAdjustedToUTC: true };
        var format = isUtc ? "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fffffff";
        return ReadStoredAsync(
            field, (value, target) => Format(value, value.TimeOfDay == TimeSpan.Zero && !isTime ? "yyyy-MM-dd" : format, target),
            stored => DateTime.UnixEpoch.AddTicks((field as DateTimeDataField) switch
            {
                { DateTimeFormat: DateTimeFormat.Date } => stored * TimeSpan.TicksPerDay,
                { Unit: DateTimeTimeUnit.Millis } => stored * TimeSpan.TicksPerMillisecond,
                { Unit: DateTimeTimeUnit.Micros } => stored * TimeSpan.TicksPerMicrosecond,
                { Unit: DateTimeTimeUnit.Nanos } => stored / TimeSpan.NanosecondsPerTick,
                _ => throw new NotSupportedException("a time without a unit"),
            }));
    }

    private Task<ColumnValues> ReadNumberAsync<T>(DataField field) where T : struct, ISpanFormattable =>
        ReadAsync<T>(field, FormatNumber);

    // The library unpacks deltas (pages of version 2) into integers alone, so a value that is stored as one is made here.
    private async Task<ColumnValues> ReadStoredAsync<T>(DataField field, Formatter<T> format, Func<long, T> make) where T : struct
    {
        try
        {
            return await ReadAsync(field, format).ConfigureAwait(false);
        }
        catch (NotSupportedException) when (field.Path.Length == 1 && field.SchemaElement?.Type is StoredType.INT32 or StoredType.INT64)
        {
            var stored = new DataField(
                field.Name, field.SchemaElement.Type == StoredType.INT32 ? typeof(int) : typeof(long), field.IsNullable);
            _ = new ParquetSchema(stored);
            var values = stored.ClrType == typeof(long)
                ? await ReadValuesAsync<long>(stored).ConfigureAwait(false)
                : Array.ConvertAll(await ReadValuesAsync<int>(stored).ConfigureAwait(false), value => (long?)value);
            return new ColumnValues<T>(Array.ConvertAll(values, value => value is { } present ? make(present) : (T?)null), format);
        }
    }

    private async Task<ColumnValues> ReadAsync<T>(DataField field, Formatter<T> format) where T : struct =>
        new ColumnValues<T>(await ReadValuesAsync<T>(field).ConfigureAwait(false), format);

    private async Task<T?[]> ReadValuesAsync<T>(DataField field) where T : struct
    {
        var values = new T?[group!.RowCount];
        if (field.IsNullable)
        {
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return values;
        }
        var present = new T[group.RowCount];
        await group.ReadAsync(field, present.AsMemory()).ConfigureAwait(false);
        return Array.ConvertAll(present, value => (T?)value);
    }

    private static decimal Scale(long stored, DataField field) =>
        stored * new decimal(1, 0, 0, isNegative: false, (byte)((DecimalDataField)field).Scale);

    private static ReadOnlySpan<char> FormatNumber<T>(T value, Span<char> target) where T : ISpanFormattable => Format(value, "", target);

    private static ReadOnlySpan<char> Format<T>(T value, string format, Span<char> target) where T : ISpanFormattable =>
        value.TryFormat(target, out var written, format, CultureInfo.InvariantCulture)
            ? target[..written]
            : value.ToString(format, CultureInfo.InvariantCulture);

    // The library allocates the footer before it reads it.
    private void RequireFooter()
    {
        Span<byte> tail = stackalloc byte[TailSize];
        if (file.Length >= 2 * TailSize && RandomAccess.Read(file.SafeFileHandle, tail, file.Length - TailSize) == TailSize
            && BinaryPrimitives.ReadUInt32LittleEndian(tail) > file.Length - TailSize)
        {
            throw RoomClientReasons.RefuseData($"{path} is not valid Parquet: its footer is larger than the file");
        }
    }

    // The library throws many types for a bad file; each of them means that the file is bad.
    private T TranslateFailures<T>(Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is NotSupportedException or OutOfMemoryException)
        {
            throw RoomClientReasons.RefuseData(
                $"{path} is Parquet that cannot be read here: {failure.Message}",
                "write it with plain or dictionary encoding (version 1 of data pages) and row groups that fit in memory, or as CSV");
        }
        catch (Exception failure) when (failure is not RefusedException)
        {
            throw RoomClientReasons.RefuseData($"{path} is not valid Parquet: {failure.Message}");
        }
    }

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
