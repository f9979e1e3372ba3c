namespace Guardian.Node.Libvirt;

/// <summary>A guest as libvirt's calls name it.</summary>
/// <param name="Uuid">For a guest of Nova, the instance's identifier.</param>
/// <param name="Id">Minus one when it is not running.</param>
internal readonly record struct GuestName(string Name, Guid Uuid, int Id)
{
    private const uint MaxName = 4096;
    private const uint UuidSize = 16;

    /// <summary>Whether it runs.</summary>
    public bool IsActive => Id != -1;

    // remote_nonnull_domain: string name | 16 bytes uuid | int id
    public static bool TryRead(ref XdrReader reader, out GuestName guest)
    {
        guest = default;
        if (!reader.TryReadString(MaxName, out var name) || !reader.TryReadBytes(UuidSize, out var uuid) || !reader.TryReadInt32(out var id))
        {
            return false;
        }
        guest = new GuestName(name, new Guid(uuid, bigEndian: true), id);
        return true;
    }

    public XdrWriter Write(XdrWriter writer) => writer.String(Name).Bytes(Uuid.ToByteArray(bigEndian: true)).Int32(Id);
}
