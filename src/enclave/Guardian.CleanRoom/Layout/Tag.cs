namespace Guardian.CleanRoom.Layout;

/// <summary>112 bits that stand for a person, in the two words in which they are stored. Ascends by high word, then by low word.</summary>
/// <param name="High">The first 64 bits.</param>
/// <param name="Low">The other 48 bits, in its upper bits.</param>
public readonly record struct Tag(ulong High, ulong Low) : IComparable<Tag>
{
    /// <inheritdoc/>
    public int CompareTo(Tag other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>Before.</summary>
    public static bool operator <(Tag left, Tag right) => left.CompareTo(right) < 0;

    /// <summary>After.</summary>
    public static bool operator >(Tag left, Tag right) => left.CompareTo(right) > 0;

    /// <summary>Before or equal.</summary>
    public static bool operator <=(Tag left, Tag right) => left.CompareTo(right) <= 0;

    /// <summary>After or equal.</summary>
    public static bool operator >=(Tag left, Tag right) => left.CompareTo(right) >= 0;
}
