using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Attestation.Evidence;

/// <summary>The role and the context of a key in an enclave (docs/spec/evidence.md): its purpose, and for whom. Immutable.</summary>
/// <remarks>
/// <code>
/// label   "guardian-evidence-v2", 20 bytes ASCII, then one zero byte
/// role    u8 length | ASCII
/// fields  u8 count  | for each: u16 length, big-endian | bytes
/// </code>
/// Every quote's report data contains the binding: SHA-256 of this encoding.
/// </remarks>
public sealed class EvidenceContext : IEquatable<EvidenceContext>
{
    /// <summary>Size of a binding in bytes.</summary>
    public const int BindingSize = SHA256.HashSizeInBytes;

    /// <summary>Size of an identity or hash in a context, in bytes.</summary>
    public const int HashSize = 32;

    /// <summary>The largest encoding in bytes.</summary>
    public const int MaxSize = 2048;

    // The size of each field of a role; null is any.
    private static readonly (EvidenceRole Role, string Word, int?[] Sizes)[] Roles =
    [
        (EvidenceRole.Cas, "cas", [HashSize]),
        (EvidenceRole.CasStarting, "cas-starting", []),
        (EvidenceRole.CasAudit, "cas-audit", []),
        (EvidenceRole.CasWitnessed, "cas-witnessed", [HashSize, null]),
        (EvidenceRole.RuntimeLaunch, "runtime-launch", [HashSize, null, null]),
        (EvidenceRole.RoomLead, "room-lead", [HashSize]),
        (EvidenceRole.RoomShard, "room-shard", [HashSize]),
        (EvidenceRole.RoomStatement, "room-statement", [HashSize]),
    ];

    private readonly byte[] encoded;

    private EvidenceContext(EvidenceRole role, IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        if (!HasFields(Roles.Single(each => each.Role == role).Sizes, fields))
        {
            throw new ArgumentException($"an identity or hash has {HashSize} bytes", nameof(fields));
        }
        (Role, Fields) = (role, fields);
        encoded = Encode(WordOf(role), fields);
    }

    private static ReadOnlySpan<byte> Label => "guardian-evidence-v2\0"u8;

    /// <summary>The purpose of the key.</summary>
    public EvidenceRole Role { get; }

    /// <summary>The fields of the context, in the order that the role defines.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Fields { get; }

    /// <summary>The encoding, at most <see cref="MaxSize"/> bytes.</summary>
    public ReadOnlyMemory<byte> Encoded => encoded;

    /// <summary>Creates the context of a CAS that serves its clients.</summary>
    /// <param name="identity">The CAS's identity, <see cref="HashSize"/> bytes.</param>
    /// <returns>The context.</returns>
    /// <exception cref="ArgumentException">The identity has another size.</exception>
    public static EvidenceContext Cas(ReadOnlyMemory<byte> identity) => new(EvidenceRole.Cas, [identity]);

    /// <summary>The context of a CAS that does not serve yet.</summary>
    public static EvidenceContext CasStarting { get; } = new(EvidenceRole.CasStarting, []);

    /// <summary>The context of a CAS that signs statements about its audit log.</summary>
    public static EvidenceContext CasAudit { get; } = new(EvidenceRole.CasAudit, []);

    /// <summary>Creates the context of a CAS that keeps the mark of its log at another CAS.</summary>
    /// <param name="witness">The identity of the other CAS, <see cref="HashSize"/> bytes.</param>
    /// <param name="session">The session there.</param>
    /// <returns>The context.</returns>
    /// <exception cref="ArgumentException">The identity has another size, or the name is too long.</exception>
    public static EvidenceContext CasWitnessed(ReadOnlyMemory<byte> witness, string session) =>
        new(EvidenceRole.CasWitnessed, [witness, Encoding.UTF8.GetBytes(session)]);

    /// <summary>Creates the context of a runtime that starts a service.</summary>
    /// <param name="cas">The identity of the CAS that configures it, <see cref="HashSize"/> bytes.</param>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <returns>The context.</returns>
    /// <exception cref="ArgumentException">The identity has another size, or the names are too long.</exception>
    public static EvidenceContext RuntimeLaunch(ReadOnlyMemory<byte> cas, string session, string service) =>
        new(EvidenceRole.RuntimeLaunch, [cas, Encoding.UTF8.GetBytes(session), Encoding.UTF8.GetBytes(service)]);

    /// <summary>Creates the context of the enclave that serves a clean room.</summary>
    /// <param name="contractHash">The contract's hash, <see cref="HashSize"/> bytes.</param>
    /// <returns>The context.</returns>
    /// <exception cref="ArgumentException">The hash has another size.</exception>
    public static EvidenceContext RoomLead(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomLead, [contractHash]);

    /// <summary>Creates the context of a shard of a clean room.</summary>
    /// <inheritdoc cref="RoomLead"/>
    public static EvidenceContext RoomShard(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomShard, [contractHash]);

    /// <summary>Creates the context of a clean room that signs statements.</summary>
    /// <inheritdoc cref="RoomLead"/>
    public static EvidenceContext RoomStatement(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomStatement, [contractHash]);

    /// <summary>Reads an encoding.</summary>
    /// <param name="bytes">The bytes: one whole encoding and nothing else.</param>
    /// <returns>The context, or null when it is malformed or its role is unknown. Never throws for any content.</returns>
    public static EvidenceContext? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxSize || !bytes.StartsWith(Label))
        {
            return null;
        }
        var rest = bytes[Label.Length..];
        if (!TryTake(ref rest, 1, out var length) || !TryTake(ref rest, length[0], out var word) || !TryTake(ref rest, 1, out var count))
        {
            return null;
        }
        var fields = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < count[0]; i++)
        {
            if (!TryTake(ref rest, sizeof(ushort), out var size)
                || !TryTake(ref rest, BinaryPrimitives.ReadUInt16BigEndian(size), out var field))
            {
                return null;
            }
            fields.Add(field.ToArray());
        }
        foreach (var (role, name, sizes) in Roles)
        {
            if (rest.IsEmpty && word.SequenceEqual(Encoding.ASCII.GetBytes(name)))
            {
                return HasFields(sizes, fields) ? new EvidenceContext(role, fields) : null;
            }
        }
        return null;
    }

    /// <summary>Computes the binding that stands in the report data of a quote.</summary>
    /// <returns>SHA-256 of the encoding, <see cref="BindingSize"/> bytes.</returns>
    public byte[] ComputeBinding() => SHA256.HashData(encoded);

    /// <inheritdoc/>
    public bool Equals(EvidenceContext? other) => other is not null && encoded.AsSpan().SequenceEqual(other.encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EvidenceContext);

    /// <inheritdoc/>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(ComputeBinding());

    /// <summary>Describes the role and context for people.</summary>
    /// <returns>The role's word, then each field: a name as it is, an identity or hash in hexadecimal.</returns>
    public override string ToString() => Describe(Role, Fields.Select(field => (ReadOnlyMemory<byte>?)field));

    /// <summary>Describes a role and fields for people; a field that is null is any.</summary>
    internal static string Describe(EvidenceRole role, IEnumerable<ReadOnlyMemory<byte>?> fields)
    {
        var sizes = Roles.Single(each => each.Role == role).Sizes;
        return string.Join(' ', fields.Select((field, i) => field is not { } bytes ? "any"
            : sizes[i] is null ? Encoding.UTF8.GetString(bytes.Span)
            : Convert.ToHexStringLower(bytes.Span)).Prepend(WordOf(role)));
    }

    /// <summary>Names a role as the encoding does.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Lower-case ASCII.</returns>
    public static string WordOf(EvidenceRole role) => Roles.Single(each => each.Role == role).Word;

    private static bool HasFields(int?[] sizes, IReadOnlyList<ReadOnlyMemory<byte>> fields) =>
        fields.Count == sizes.Length && sizes.Zip(fields).All(pair => pair.First is null || pair.First == pair.Second.Length);

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int count, out ReadOnlySpan<byte> taken)
    {
        var isThere = rest.Length >= count;
        taken = isThere ? rest[..count] : default;
        rest = isThere ? rest[count..] : rest;
        return isThere;
    }

    private static byte[] Encode(string word, IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        using var bytes = new MemoryStream();
        bytes.Write(Label);
        bytes.WriteByte((byte)word.Length);
        bytes.Write(Encoding.ASCII.GetBytes(word));
        bytes.WriteByte((byte)fields.Count);
        var length = new byte[sizeof(ushort)];
        foreach (var field in fields)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(field.Length, MaxSize, nameof(fields));
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)field.Length);
            bytes.Write(length);
            bytes.Write(field.Span);
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxSize, nameof(fields));
        return bytes.ToArray();
    }
}
