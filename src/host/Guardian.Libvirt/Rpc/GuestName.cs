namespace Guardian.Libvirt.Rpc;

/// <summary>A guest as libvirt's calls name it.</summary>
/// <param name="Name">The name in libvirt.</param>
/// <param name="Uuid">The guest's UUID; Nova uses the server's UUID.</param>
/// <param name="Id">A number while it runs, or -1.</param>
public readonly record struct GuestName(string Name, Guid Uuid, int Id)
{
    private const uint MaxName = 4096;
    private const uint UuidSize = 16;

    /// <summary>Whether it runs.</summary>
    public bool IsActive => Id != -1;

    /// <summary>Reads a guest; false when the bytes are malformed.</summary>
    // remote_nonnull_domain: string name | 16 bytes uuid | int id
    public static bool TryRead(ref XdrReader reader, out GuestName guest)
    {
        guest = default;
        if (!reader.TryReadString(MaxName, out var name) || !reader.TryReadBytes(UuidSize, out var uuid)
            || !reader.TryReadInt32(out var id))
        {
            return false;
        }
        guest = new GuestName(name, new Guid(uuid, bigEndian: true), id);
        return true;
    }

    /// <summary>Writes the guest and returns <paramref name="writer"/>.</summary>
    public XdrWriter WriteTo(XdrWriter writer) =>
        writer.WriteString(Name).WriteBytes(Uuid.ToByteArray(bigEndian: true)).WriteInt32(Id);
}
