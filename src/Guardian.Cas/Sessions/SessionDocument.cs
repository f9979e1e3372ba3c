using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation;
using Guardian.Documents;

namespace Guardian.Cas;

/// <summary>A session as it was written (docs/spec/session.md). Immutable.</summary>
public sealed record SessionDocument
{
    /// <summary>The largest number of services, and of secrets. Each costs the CAS a row or an appraisal.</summary>
    public const int MaxEntries = 256;

    /// <summary>The session's name.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the document's bytes, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash this one replaces, or null.</summary>
    public required string? Predecessor { get; init; }

    /// <summary>The services by name.</summary>
    public required IReadOnlyList<SessionService> Services { get; init; }

    /// <summary>The secrets by name.</summary>
    public required IReadOnlyList<SessionSecret> Secrets { get; init; }

    /// <summary>The document as it was written.</summary>
    public required string Text { get; init; }

    /// <summary>Reads a session. Never throws for any content.</summary>
    /// <param name="problems">Receives everything that is wrong, with line and column.</param>
    /// <returns>The session, or null when anything is wrong.</returns>
    public static SessionDocument? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var session = new SessionReader(map).Read(Convert.ToHexStringLower(SHA256.HashData(utf8)), Encoding.UTF8.GetString(utf8));
        return problems.Any ? null : session;
    }
}

/// <summary>A service: who is admitted, and what it gets.</summary>
/// <param name="ProvisionedSecret">The secret it gets by Gramine's secret provisioning, or null.</param>
public sealed record SessionService(
    string Name, AttestationPolicy Policy, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string? ProvisionedSecret);

/// <summary>A secret: made by the CAS with a size, or given with a value.</summary>
/// <param name="Size">Bytes (binary) or characters (ascii).</param>
/// <param name="Value">The value's bytes when it was given, else null.</param>
public sealed record SessionSecret(string Name, SecretKind Kind, int Size, ReadOnlyMemory<byte>? Value);

/// <summary>What a secret is made of.</summary>
public enum SecretKind
{
    /// <summary>Bytes; a placeholder says how they are written.</summary>
    Binary,

    /// <summary>Letters, digits, hyphen and underscore; stands as it is.</summary>
    Ascii,
}
