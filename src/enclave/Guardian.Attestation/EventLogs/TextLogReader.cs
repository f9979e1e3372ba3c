using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.EventLogs;

/// <summary>Reads logs that guests write as text: dstack's JSON, and the lines of the confidential containers' guest components.</summary>
internal static class TextLogReader
{
    private const string LinesForm = "INIT sha384/";
    private const int ApplicationRegister = 3;
    private const int MaxEvents = 65536;

    // dstack's own events in RTMR3. Their digest covers name and content; others' digests are the firmware's.
    private const uint RuntimeEvent = 0x08000001;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    public static Outcome<EventLog> TryRead(ReadOnlyMemory<byte> bytes)
    {
        var start = bytes.Span.IndexOfAnyExcept(" \t\r\n"u8);
        return start >= 0 && bytes.Span[start] == (byte)'[' ? ReadJson(bytes)
            : bytes.Span.StartsWith(Encoding.ASCII.GetBytes(LinesForm)) ? ReadLines(bytes)
            : EventLog.Malformed("it is neither a CCEL log, nor dstack's JSON, nor lines that begin with 'INIT sha384/'");
    }

    // RTMR3 is extended by the hash of each line, the first one included.
    private static Outcome<EventLog> ReadLines(ReadOnlyMemory<byte> bytes)
    {
        var events = new List<LoggedEvent>();
        var rest = bytes;
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }
            if (events.Count == MaxEvents)
            {
                return EventLog.Malformed($"it has more than {MaxEvents} lines");
            }
            events.Add(new LoggedEvent(ApplicationRegister, 0, SHA384.HashData(line.Span), line, IsDataProven: true));
        }
        return new EventLog("AAEL", events);
    }

    private static Outcome<EventLog> ReadJson(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var events = new List<LoggedEvent>();
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                events.Add(ReadEvent(entry));
            }
            return new EventLog("dstack", events);
        }
        catch (Exception failure) when (
            failure is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            return EventLog.Malformed($"event of its JSON: {failure.Message}");
        }
    }

    private static LoggedEvent ReadEvent(JsonElement entry)
    {
        var register = entry.GetProperty("imr").GetInt32();
        var type = entry.GetProperty("event_type").GetUInt32();
        var digest = Convert.FromHexString(entry.GetProperty("digest").GetString()!);
        var name = entry.GetProperty("event").GetString()!;
        var data = Convert.FromHexString(entry.GetProperty("event_payload").GetString()!);
        if (register is < 0 or >= EventLog.RegisterCount || digest.Length != SHA384.HashSizeInBytes)
        {
            throw new FormatException("its register is not 0 to 3, or its digest has not 48 bytes");
        }
        // The digest that the log states is not used for dstack's own events: it would let anyone change name and content.
        return type == RuntimeEvent
            ? new LoggedEvent(register, type, Hash(type, name, data), data, IsDataProven: true)
            : new LoggedEvent(register, type, digest, data, digest.AsSpan().SequenceEqual(SHA384.HashData(data)));
    }

    private static byte[] Hash(uint type, string name, byte[] data)
    {
        var number = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, type);
        return SHA384.HashData([.. number, (byte)':', .. Encoding.UTF8.GetBytes(name), (byte)':', .. data]);
    }
}
