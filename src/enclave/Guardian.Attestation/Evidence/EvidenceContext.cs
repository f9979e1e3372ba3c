using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Attestation.Evidence;

/// <summary>What an enclave does with the key that its quote names.</summary>
public enum EvidenceRole
{
    /// <summary>A CAS serves its clients. Context: the CAS's identity, 32 bytes.</summary>
    Cas,

    /// <summary>A CAS waits for its owners' shares, or starts without its key yet. Context: none.</summary>
    CasStarting,

    /// <summary>A CAS signs the head of its audit log. Context: none; the head names the log.</summary>
    CasAudit,

    /// <summary>A runtime asks a CAS for a startup configuration. Context: the CAS's identity, the session's name, the service's name.</summary>
    RuntimeLaunch,

    /// <summary>The lead enclave of a clean room. Context: the contract's hash, 32 bytes.</summary>
    RoomLead,

    /// <summary>A shard of a clean room. Context: the contract's hash, 32 bytes.</summary>
    RoomShard,

    /// <summary>A clean room signs statements. Context: the contract's hash, 32 bytes.</summary>
    RoomStatement,
}

/// <summary>The role and the context of an evidence (docs/spec/evidence.md): what the enclave does, and for whom. Immutable.</summary>
/// <remarks>
/// <code>
/// label   "guardian-evidence-v2", 20 bytes ASCII, then one zero byte
/// role    u8 length | ASCII
/// fields  u8 count  | for each: u16 length, big-endian | bytes
/// </code>
/// The binding in the report data is SHA-256 of this encoding.
/// </remarks>
public sealed class EvidenceContext : IEquatable<EvidenceContext>
{
    /// <summary>Bytes of a binding.</summary>
    public const int BindingSize = 32;

    /// <summary>The largest encoding, in bytes.</summary>
    public const int MaxSize = 2048;

    private const int MaxFields = 8;

    private static readonly (EvidenceRole Role, string Word, int Fields)[] Roles =
    [
        (EvidenceRole.Cas, "cas", 1),
        (EvidenceRole.CasStarting, "cas-starting", 0),
        (EvidenceRole.CasAudit, "cas-audit", 0),
        (EvidenceRole.RuntimeLaunch, "runtime-launch", 3),
        (EvidenceRole.RoomLead, "room-lead", 1),
        (EvidenceRole.RoomShard, "room-shard", 1),
        (EvidenceRole.RoomStatement, "room-statement", 1),
    ];

    private readonly byte[] encoded;

    private EvidenceContext(EvidenceRole role, IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        (Role, Fields) = (role, fields);
        encoded = Encode(role, fields);
    }

    private static ReadOnlySpan<byte> Label => "guardian-evidence-v2\0"u8;

    /// <summary>What the enclave does.</summary>
    public EvidenceRole Role { get; }

    /// <summary>The fields of the context, in the order that the role defines.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Fields { get; }

    /// <summary>The encoding, at most <see cref="MaxSize"/> bytes.</summary>
    public ReadOnlyMemory<byte> Encoded => encoded;

    /// <summary>A CAS that serves its clients.</summary>
    /// <param name="identity">The CAS's identity, 32 bytes.</param>
    public static EvidenceContext Cas(ReadOnlyMemory<byte> identity) => new(EvidenceRole.Cas, [identity]);

    /// <summary>A CAS that has no key yet.</summary>
    public static EvidenceContext CasStarting { get; } = new(EvidenceRole.CasStarting, []);

    /// <summary>A CAS that signs the head of its audit log.</summary>
    public static EvidenceContext CasAudit { get; } = new(EvidenceRole.CasAudit, []);

    /// <summary>A runtime that asks for a startup configuration.</summary>
    /// <param name="casIdentity">The identity of the CAS that it asks, 32 bytes.</param>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    public static EvidenceContext RuntimeLaunch(ReadOnlyMemory<byte> casIdentity, string session, string service) =>
        new(EvidenceRole.RuntimeLaunch, [casIdentity, Encoding.UTF8.GetBytes(session), Encoding.UTF8.GetBytes(service)]);

    /// <summary>The lead enclave of a room.</summary>
    /// <param name="contractHash">The contract's hash, 32 bytes.</param>
    public static EvidenceContext RoomLead(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomLead, [contractHash]);

    /// <summary>A shard of a room.</summary>
    /// <param name="contractHash">The contract's hash, 32 bytes.</param>
    public static EvidenceContext RoomShard(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomShard, [contractHash]);

    /// <summary>A room that signs statements.</summary>
    /// <param name="contractHash">The contract's hash, 32 bytes.</param>
    public static EvidenceContext RoomStatement(ReadOnlyMemory<byte> contractHash) => new(EvidenceRole.RoomStatement, [contractHash]);

    /// <summary>Reads an encoding.</summary>
    /// <param name="bytes">The bytes; anything but one whole encoding is refused.</param>
    /// <returns>The context, or null when it is malformed or its role is unknown. Never throws.</returns>
    public static EvidenceContext? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxSize || !bytes.StartsWith(Label))
        {
            return null;
        }
        var rest = bytes[Label.Length..];
        if (rest.IsEmpty || rest.Length < 1 + rest[0] + 1)
        {
            return null;
        }
        var word = rest.Slice(1, rest[0]);
        rest = rest[(1 + rest[0])..];
        var fields = new List<ReadOnlyMemory<byte>>();
        var count = rest[0];
        rest = rest[1..];
        for (var i = 0; i < count; i++)
        {
            if (count > MaxFields || rest.Length < sizeof(ushort) || rest.Length - sizeof(ushort) < BinaryPrimitives.ReadUInt16BigEndian(rest))
            {
                return null;
            }
            var size = BinaryPrimitives.ReadUInt16BigEndian(rest);
            fields.Add(rest.Slice(sizeof(ushort), size).ToArray());
            rest = rest[(sizeof(ushort) + size)..];
        }
        foreach (var (role, name, expected) in Roles)
        {
            if (rest.IsEmpty && expected == fields.Count && word.SequenceEqual(Encoding.ASCII.GetBytes(name)))
            {
                return new EvidenceContext(role, fields);
            }
        }
        return null;
    }

    /// <summary>Computes the binding that stands in the report data: SHA-256 of the encoding, 32 bytes.</summary>
    public byte[] ComputeBinding() => SHA256.HashData(encoded);

    /// <inheritdoc/>
    public bool Equals(EvidenceContext? other) => other is not null && encoded.AsSpan().SequenceEqual(other.encoded);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EvidenceContext);

    /// <inheritdoc/>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(ComputeBinding());

    /// <returns>The role's word, then the fields in hex.</returns>
    public override string ToString() =>
        string.Join(' ', [WordOf(Role), .. Fields.Select(field => Convert.ToHexStringLower(field.Span))]);

    /// <summary>The word of a role, as the encoding has it.</summary>
    /// <param name="role">The role.</param>
    public static string WordOf(EvidenceRole role) => Roles.Single(each => each.Role == role).Word;

    private static byte[] Encode(EvidenceRole role, IReadOnlyList<ReadOnlyMemory<byte>> fields)
    {
        using var bytes = new MemoryStream();
        bytes.Write(Label);
        var word = Encoding.ASCII.GetBytes(WordOf(role));
        bytes.WriteByte((byte)word.Length);
        bytes.Write(word);
        bytes.WriteByte((byte)fields.Count);
        var length = new byte[sizeof(ushort)];
        foreach (var field in fields)
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)field.Length));
            bytes.Write(length);
            bytes.Write(field.Span);
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxSize, nameof(fields));
        return bytes.ToArray();
    }
}

/// <summary>The evidence that a party accepts from its peer: a role, and the fields that must be as given.</summary>
/// <param name="Role">The role.</param>
/// <param name="Fields">The fields; null accepts any value of that field.</param>
public sealed record ExpectedEvidence(EvidenceRole Role, IReadOnlyList<ReadOnlyMemory<byte>?> Fields)
{
    /// <summary>Exactly one role and context.</summary>
    /// <param name="context">The role and context.</param>
    public static ExpectedEvidence Exactly(EvidenceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context.Role, [.. context.Fields.Select(field => (ReadOnlyMemory<byte>?)field)]);
    }

    /// <summary>A CAS that serves.</summary>
    /// <param name="identity">Its pinned identity, 32 bytes; null accepts any CAS that the policy accepts.</param>
    public static ExpectedEvidence Cas(ReadOnlyMemory<byte>? identity) => new(EvidenceRole.Cas, [identity]);

    /// <summary>Whether evidence is what is expected. Evidence without a role never is.</summary>
    /// <param name="found">The role and context of the peer's evidence, or null.</param>
    public bool Accepts(EvidenceContext? found) =>
        found is not null && found.Role == Role && found.Fields.Count == Fields.Count
        && found.Fields.Zip(Fields).All(pair => pair.Second is not { } wanted || wanted.Span.SequenceEqual(pair.First.Span));
}
