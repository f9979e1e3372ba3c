using System.Buffers.Binary;

namespace Guardian.ComputeHost.Quoting;

/// <summary>The kinds of messages of Intel's quote generation service (<c>qgs_msg_lib.h</c>, <c>qgs_msg_type_t</c>).</summary>
public enum QgsMessageType
{
    /// <summary>Asks for a quote of a report.</summary>
    QuoteRequest = 0,

    /// <summary>Has the quote.</summary>
    QuoteResponse = 1,

    /// <summary>Asks for collateral of a platform.</summary>
    CollateralRequest = 2,

    /// <summary>Has the collateral.</summary>
    CollateralResponse = 3,

    /// <summary>Asks for the platform's versions.</summary>
    PlatformInfoRequest = 4,

    /// <summary>Has the platform's versions.</summary>
    PlatformInfoResponse = 5,
}

/// <summary>Error codes of responses (<c>qgs_msg_lib.h</c>, <c>qgs_msg_error_t</c>).</summary>
public enum QgsError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The service cannot do what it is asked for.</summary>
    Unexpected = 0x12001,

    /// <summary>A part of the request is malformed.</summary>
    InvalidParameter = 0x12003,

    /// <summary>The major version is not 1.</summary>
    InvalidVersion = 0x12004,

    /// <summary>The type is none of a request.</summary>
    InvalidType = 0x12005,

    /// <summary>The sizes disagree.</summary>
    InvalidSize = 0x12006,

    /// <summary>A request has an error code.</summary>
    InvalidCode = 0x12007,
}

/// <summary>A message of Intel's quote generation service: its kind, its error, and its parts.</summary>
/// <remarks>
/// All numbers are little-endian (<c>qgs_msg_lib.h</c>, packed):
/// <c>0 major version u16 (1) | 2 minor version u16 | 4 type u32 | 8 size of the message u32 | 12 error code u32</c>, then the kind's own
/// numbers, then the parts, one after the other. On the wire a message follows its size as u32, big-endian (<c>qgs_server.cpp</c>).
/// Immutable.
/// </remarks>
/// <param name="Type">The kind.</param>
/// <param name="Error">The error of a response.</param>
/// <param name="Parts">The parts: of a request for a quote the report and a list of identifiers; of its response a selected identifier and
/// the quote; of a request for collateral FMSPC and the name of the CA; of its response the seven pieces in the order of Intel's
/// <c>sgx_ql_qve_collateral_t</c>; of the response about the platform its identifier and CPUSVN.</param>
/// <param name="First">Of the response about the platform, ISVSVN of the quoting enclave; of the response with collateral, its major
/// version; else 0.</param>
/// <param name="Second">Of the response about the platform, PCESVN; of the response with collateral, its minor version; else 0.</param>
public sealed record QgsMessage(
    QgsMessageType Type, QgsError Error, IReadOnlyList<ReadOnlyMemory<byte>> Parts, ushort First = 0, ushort Second = 0)
{
    /// <summary>The size of the header in bytes.</summary>
    public const int HeaderSize = 16;

    /// <summary>The size in front of a message on the wire, in bytes.</summary>
    public const int PrefixSize = sizeof(uint);

    /// <summary>The largest request that is read. A report has 1,024 bytes.</summary>
    public const int MaxRequestSize = 16 * 1024;

    /// <summary>The largest response that is read: collateral has two revocation lists.</summary>
    public const int MaxResponseSize = 16 * 1024 * 1024;

    private const ushort MajorVersion = 1;
    private const ushort MinorVersion = 1;
    private const int MaxParts = 7;

    /// <summary>Makes a response without content.</summary>
    /// <param name="request">The kind of the request.</param>
    /// <param name="error">The error.</param>
    /// <returns>The response; its parts are empty.</returns>
    public static QgsMessage Refuse(QgsMessageType request, QgsError error) =>
        new(request + 1, error, [.. Enumerable.Repeat(ReadOnlyMemory<byte>.Empty, CountParts(request + 1))]);

    /// <summary>Reads a message. Never throws for any content.</summary>
    /// <param name="bytes">The message, without the size in front of it.</param>
    /// <returns>The message, or the error that a service answers with.</returns>
    public static (QgsMessage? Message, QgsError Error) TryRead(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < HeaderSize)
        {
            return (null, QgsError.InvalidParameter);
        }
        if (BinaryPrimitives.ReadUInt16LittleEndian(span) != MajorVersion)
        {
            return (null, QgsError.InvalidVersion);
        }
        var number = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        if (number > (uint)QgsMessageType.PlatformInfoResponse)
        {
            return (null, QgsError.InvalidType);
        }
        var type = (QgsMessageType)number;
        var error = (QgsError)BinaryPrimitives.ReadInt32LittleEndian(span[12..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(span[8..]) != span.Length ? (null, QgsError.InvalidSize)
            : IsRequest(type) && error != QgsError.None ? (null, QgsError.InvalidCode)
            : ReadParts(bytes, type, error);
    }

    /// <summary>Writes the message, without the size in front of it.</summary>
    /// <returns>The bytes.</returns>
    public byte[] ToBytes()
    {
        var start = HeaderSize + (HasNumbers(Type) ? 2 * sizeof(ushort) : 0) + (Parts.Count * sizeof(uint));
        var bytes = new byte[start + Parts.Sum(part => part.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, MajorVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), MinorVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), (uint)Type);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), (int)Error);
        var at = HeaderSize;
        if (HasNumbers(Type))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), First);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at + sizeof(ushort)), Second);
            at += 2 * sizeof(ushort);
        }
        foreach (var part in Parts)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)part.Length);
            at += sizeof(uint);
        }
        foreach (var part in Parts)
        {
            part.Span.CopyTo(bytes.AsSpan(at));
            at += part.Length;
        }
        return bytes;
    }

    /// <summary>Writes the message as it goes over the wire, after its size.</summary>
    /// <returns>The bytes.</returns>
    public byte[] ToFrame()
    {
        var bytes = ToBytes();
        var prefix = new byte[PrefixSize];
        BinaryPrimitives.WriteUInt32BigEndian(prefix, (uint)bytes.Length);
        return [.. prefix, .. bytes];
    }

    private static (QgsMessage? Message, QgsError Error) ReadParts(ReadOnlyMemory<byte> bytes, QgsMessageType type, QgsError error)
    {
        var count = CountParts(type);
        var numbers = HasNumbers(type) ? 2 * sizeof(ushort) : 0;
        var start = HeaderSize + numbers + (count * sizeof(uint));
        if (bytes.Length < start)
        {
            return (null, QgsError.InvalidSize);
        }
        var span = bytes.Span;
        Span<uint> sizes = stackalloc uint[MaxParts];
        ulong total = (ulong)start;
        for (var i = 0; i < count; i++)
        {
            sizes[i] = BinaryPrimitives.ReadUInt32LittleEndian(span[(HeaderSize + numbers + (i * sizeof(uint)))..]);
            total += sizes[i];
        }
        if (total != (ulong)bytes.Length)
        {
            return (null, QgsError.InvalidSize);
        }
        var parts = new List<ReadOnlyMemory<byte>>(count);
        var at = start;
        for (var i = 0; i < count; i++)
        {
            parts.Add(bytes.Slice(at, (int)sizes[i]));
            at += (int)sizes[i];
        }
        var first = numbers > 0 ? BinaryPrimitives.ReadUInt16LittleEndian(span[HeaderSize..]) : (ushort)0;
        var second = numbers > 0 ? BinaryPrimitives.ReadUInt16LittleEndian(span[(HeaderSize + sizeof(ushort))..]) : (ushort)0;
        return (new QgsMessage(type, error, parts, first, second), QgsError.None);
    }

    private static bool IsRequest(QgsMessageType type) =>
        type is QgsMessageType.QuoteRequest or QgsMessageType.CollateralRequest or QgsMessageType.PlatformInfoRequest;

    private static bool HasNumbers(QgsMessageType type) =>
        type is QgsMessageType.CollateralResponse or QgsMessageType.PlatformInfoResponse;

    private static int CountParts(QgsMessageType type) => type switch
    {
        QgsMessageType.PlatformInfoRequest => 0,
        QgsMessageType.CollateralResponse => MaxParts,
        _ => 2,
    };
}
