using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Client.Tagging;

/// <summary>Tags identifiers of one kind, sixteen at a time. Not thread-safe.</summary>
internal sealed class TagLanes
{
    /// <summary>Identifiers at once.</summary>
    public const int Count = ShortHmac.Lanes;

    private readonly byte[] matchKey;
    private readonly IdentifierKind kind;
    private readonly ShortHmac hmac;
    private readonly byte[] message = new byte[16 + (4 * Identifiers.MaxSize)];
    private readonly int labelSize;

    // The tags of identifiers that are too long for a lane, until the others are computed.
    private readonly Tag?[] tags = new Tag?[Count];
    private readonly bool[] areLanes = new bool[Count];

    /// <param name="matchKey">The room's match key, 32 bytes.</param>
    /// <param name="kind">The kind of the identifiers.</param>
    public TagLanes(byte[] matchKey, IdentifierKind kind)
    {
        (this.matchKey, this.kind) = (matchKey, kind);
        hmac = new ShortHmac(matchKey);
        labelSize = Identifiers.WriteLabel(kind, message);
    }

    /// <summary>Puts an identifier into a lane.</summary>
    /// <param name="lane">The lane, below <see cref="Count"/>.</param>
    /// <param name="identifier">The normalised identifier; empty for none.</param>
    public void Set(int lane, ReadOnlySpan<char> identifier)
    {
        var size = labelSize + Encoding.UTF8.GetBytes(identifier, message.AsSpan(labelSize));
        areLanes[lane] = !identifier.IsEmpty && size <= ShortHmac.MaxSize;
        tags[lane] = identifier.IsEmpty || areLanes[lane] ? null : Identifiers.Tag(matchKey, kind, identifier);
        if (areLanes[lane])
        {
            hmac.SetMessage(lane, message.AsSpan(0, size));
        }
    }

    /// <summary>Computes the tags of all lanes.</summary>
    public void Compute()
    {
        if (areLanes.AsSpan().Contains(true))
        {
            hmac.Compute();
        }
    }

    /// <summary>Reads the tag of a lane; null when it has no identifier. Valid after <see cref="Compute"/>, until the next
    /// <see cref="Set"/> of the lane.</summary>
    public Tag? Read(int lane)
    {
        if (!areLanes[lane])
        {
            return tags[lane];
        }
        var (first, second) = hmac.ReadResult(lane);
        return Identifiers.ToTag(first, second);
    }
}
