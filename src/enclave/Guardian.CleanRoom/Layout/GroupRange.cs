namespace Guardian.CleanRoom.Layout;

/// <summary>Groups from the first to the end, which is excluded.</summary>
public readonly record struct GroupRange(int First, int End)
{
    /// <summary>Splits the range into consecutive ranges of nearly equal length, none empty.</summary>
    public IReadOnlyList<GroupRange> Split(int parts)
    {
        var (first, length) = (First, End - First);
        var count = Math.Clamp(parts, 1, Math.Max(length, 1));
        return
        [
            .. Enumerable.Range(0, count).Select(part => new GroupRange(
                first + (int)((long)length * part / count), first + (int)((long)length * (part + 1) / count))),
        ];
    }
}
