using Guardian.Attestation.Quotes;
using Guardian.Files;
using Guardian.Refusals;

namespace Guardian.Attestation.Snp;

/// <summary>AMD's documents about one platform (RFC 9334: endorsements), not verified. Immutable.</summary>
public sealed record SnpEndorsements
{
    // Certificates have a few KiB, lists a few hundred bytes.
    private const int MaxFileSize = 4 * 1024 * 1024;

    /// <summary>The certificate of the key that signed the report: VCEK or VLEK; DER or PEM.</summary>
    public required ReadOnlyMemory<byte> Leaf { get; init; }

    /// <summary>Its issuers, PEM: the intermediate (ASK or ASVK), then the root (ARK), as AMD's service gives them.</summary>
    public required ReadOnlyMemory<byte> Chain { get; init; }

    /// <summary>The root's revocation list; DER, PEM, hex or base64. Empty when there is none.</summary>
    public ReadOnlyMemory<byte> RevocationList { get; init; }

    /// <summary>
    /// Reads a folder: <c>vcek</c>, <c>vlek</c> or <c>leaf</c> and <c>crl</c> with the endings <c>.der</c>, <c>.crt</c> or
    /// <c>.pem</c>, and <c>chain.pem</c> or <c>cert_chain.pem</c>; also without an ending, as AMD's service names them.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The documents, or a refusal that names what is missing.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Outcome<SnpEndorsements> Read(string folder)
    {
        byte[] Find(params string[] stems) => stems
            .SelectMany(stem => new[] { ".der", ".crt", ".pem", "" }.Select(ending => Path.Combine(folder, stem + ending)))
            .FirstOrDefault(File.Exists) is { } path ? BoundedFile.Read(path, MaxFileSize) : [];
        var (leaf, chain) = (Find("vcek", "vlek", "leaf"), Find("chain", "cert_chain"));
        return leaf.Length == 0 || chain.Length == 0
            ? QuoteReasons.NoEndorsements.Because(
                leaf.Length == 0 ? $"{folder} has no certificate vcek.der or vlek.der" : $"{folder} has no chain.pem")
            : new SnpEndorsements { Leaf = leaf, Chain = chain, RevocationList = Find("crl") };
    }
}

/// <summary>The demands on a report besides its own content. Immutable.</summary>
public sealed record SnpOptions
{
    /// <summary>AMD's roots, with revocation.</summary>
    public static SnpOptions AmdOnly { get; } = new();

    /// <summary>
    /// A root in place of AMD's: its certificate, DER or PEM. Empty for AMD's roots of Milan, Genoa and Turin, which are pinned by their
    /// keys.
    /// </summary>
    public ReadOnlyMemory<byte> Root { get; init; }

    /// <summary>Whether documents without a revocation list are refused. Without it, revoked certificates pass.</summary>
    public bool RequireRevocationList { get; init; } = true;
}
