using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;

namespace Guardian.Node.Caching;

/// <summary>The documents that a caching service gives.</summary>
internal enum CacheDocument
{
    TcbInfo,
    QeIdentity,
    QveIdentity,
    PckList,
    RootList,
    PckCertificate,
}

/// <summary>The encodings of revocation lists: PCCS gives hex, and DER or PEM to clients who ask for it.</summary>
internal enum ListEncoding
{
    Hex,
    Der,
    Pem,
}

/// <summary>A request for a PCK certificate.</summary>
/// <param name="Host">The platform's name in the store of certificates: QE-ID and PCE-ID in lower-case hex, with a hyphen between.</param>
/// <param name="CpuSvn">The raw CPUSVN, 16 bytes.</param>
/// <param name="PceSvn">PCESVN.</param>
internal sealed record PckRequest(string Host, ReadOnlyMemory<byte> CpuSvn, ushort PceSvn);

/// <summary>A request of a client of Intel's PCCS, checked. Immutable.</summary>
/// <remarks>Paths, parameters and their sizes are those of the PCS API and of Intel's PCCS, versions 3 and 4.</remarks>
internal sealed record CacheRequest
{
    // The longest request names an encrypted PPID of 384 bytes in hex.
    private const int MaxQuerySize = 2048;
    private const int MaxParameters = 16;

    // QE-ID 16 bytes, CPUSVN 16 bytes, PCESVN and PCE-ID 2 bytes, little-endian.
    private const int QeIdSize = 16;
    private const int SvnSize = 16;
    private const int ShortSize = 2;
    private const int FmspcSize = 6;

    // Clients with collateral of version 3.1 name the root's list by the address in Intel's certificates, and want DER.
    private const string RootListAddress = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

    /// <summary>The wanted document.</summary>
    public required CacheDocument Document { get; init; }

    /// <summary>The interface's version, 3 or 4.</summary>
    public required int Version { get; init; }

    /// <summary>The kind of TEE; SGX for what both share.</summary>
    public TeeType Tee { get; init; }

    /// <summary>The platform family, 12 lower-case hex digits; empty where no document depends on it.</summary>
    public string Fmspc { get; init; } = "";

    /// <summary>The edition of TCB info and identities.</summary>
    public EvaluationSet Edition { get; init; } = EvaluationSet.Standard;

    /// <summary>The issuer of PCK certificates: <c>processor</c> or <c>platform</c>; empty where no document depends on it.</summary>
    public string Authority { get; init; } = "";

    /// <summary>The encoding of revocation lists.</summary>
    public ListEncoding Encoding { get; init; }

    /// <summary>The wanted PCK certificate; null for other documents.</summary>
    public PckRequest? Pck { get; init; }

    /// <summary>Reads a request. Never throws for any content.</summary>
    /// <param name="path">The path, without escapes.</param>
    /// <param name="query">The query, with or without its question mark.</param>
    /// <returns>The request, or the HTTP status of its refusal: 404 for another path, 400 for a missing or malformed parameter.</returns>
    public static (CacheRequest? Request, int Status) Read(string path, string query)
    {
        const int notFound = 404;
        const int badRequest = 400;
        if (FindDocument(path) is not { } request)
        {
            return (null, notFound);
        }
        return ReadParameters(query) is { } parameters && Complete(request, parameters) is { } complete
            ? (complete, 200)
            : (null, badRequest);
    }

    private static CacheRequest? FindDocument(string path) => path switch
    {
        "/sgx/certification/v4/tcb" => new() { Document = CacheDocument.TcbInfo, Version = 4 },
        "/sgx/certification/v3/tcb" => new() { Document = CacheDocument.TcbInfo, Version = 3 },
        "/tdx/certification/v4/tcb" => new() { Document = CacheDocument.TcbInfo, Version = 4, Tee = TeeType.Tdx },
        "/sgx/certification/v4/qe/identity" => new() { Document = CacheDocument.QeIdentity, Version = 4 },
        "/sgx/certification/v3/qe/identity" => new() { Document = CacheDocument.QeIdentity, Version = 3 },
        "/tdx/certification/v4/qe/identity" => new() { Document = CacheDocument.QeIdentity, Version = 4, Tee = TeeType.Tdx },
        "/sgx/certification/v4/qve/identity" => new() { Document = CacheDocument.QveIdentity, Version = 4 },
        "/sgx/certification/v3/qve/identity" => new() { Document = CacheDocument.QveIdentity, Version = 3 },
        "/sgx/certification/v4/pckcrl" => new() { Document = CacheDocument.PckList, Version = 4 },
        "/sgx/certification/v3/pckcrl" => new() { Document = CacheDocument.PckList, Version = 3 },
        "/sgx/certification/v4/rootcacrl" => new() { Document = CacheDocument.RootList, Version = 4 },
        "/sgx/certification/v3/rootcacrl" => new() { Document = CacheDocument.RootList, Version = 3 },
        "/sgx/certification/v4/crl" => new() { Document = CacheDocument.RootList, Version = 4, Encoding = ListEncoding.Der },
        "/sgx/certification/v3/crl" => new() { Document = CacheDocument.RootList, Version = 3, Encoding = ListEncoding.Der },
        "/sgx/certification/v4/pckcert" => new() { Document = CacheDocument.PckCertificate, Version = 4 },
        "/sgx/certification/v3/pckcert" => new() { Document = CacheDocument.PckCertificate, Version = 3 },
        _ => null,
    };

    private static CacheRequest? Complete(CacheRequest request, Dictionary<string, string> parameters) => request.Document switch
    {
        CacheDocument.TcbInfo => parameters.GetValueOrDefault("fmspc") is { } fmspc && ReadHex(fmspc, FmspcSize) is { } bytes
            && ReadEdition(parameters) is { } edition
                ? request with { Fmspc = Convert.ToHexStringLower(bytes), Edition = edition }
                : null,
        CacheDocument.QeIdentity or CacheDocument.QveIdentity => ReadEdition(parameters) is { } edition
            ? request with { Edition = edition }
            : null,
        CacheDocument.PckList => parameters.GetValueOrDefault("ca")?.ToLowerInvariant() is "processor" or "platform"
            && ReadEncoding(parameters) is { } encoding
                ? request with { Authority = parameters["ca"].ToLowerInvariant(), Encoding = encoding }
                : null,
        CacheDocument.RootList when request.Encoding == ListEncoding.Der =>
            Uri.UnescapeDataString(parameters.GetValueOrDefault("uri", "")) == RootListAddress ? request : null,
        CacheDocument.RootList => ReadEncoding(parameters) is { } encoding ? request with { Encoding = encoding } : null,
        _ => ReadPck(parameters) is { } pck ? request with { Pck = pck } : null,
    };

    private static PckRequest? ReadPck(Dictionary<string, string> parameters)
    {
        if (parameters.GetValueOrDefault("qeid") is not { } qeId || ReadHex(qeId, QeIdSize) is not { } host
            || parameters.GetValueOrDefault("cpusvn") is not { } cpuSvn || ReadHex(cpuSvn, SvnSize) is not { } components
            || parameters.GetValueOrDefault("pcesvn") is not { } pceSvn || ReadHex(pceSvn, ShortSize) is not { } svn
            || parameters.GetValueOrDefault("pceid") is not { } pceId || ReadHex(pceId, ShortSize) is not { } pce)
        {
            return null;
        }
        return new PckRequest(PckStore.NameOf(host, pce), components, (ushort)(svn[0] | svn[1] << 8));
    }

    // Intel's service refuses both together.
    private static EvaluationSet? ReadEdition(Dictionary<string, string> parameters)
    {
        var (update, number) = (parameters.GetValueOrDefault("update"), parameters.GetValueOrDefault("tcbevaluationdatanumber"));
        return (update, number) switch
        {
            (null, null) => EvaluationSet.Standard,
            ("standard" or "early", null) => EvaluationSet.TryParse(update),
            (null, { }) => EvaluationSet.TryParse(number) is { Number: not null } numbered ? numbered : null,
            _ => null,
        };
    }

    private static ListEncoding? ReadEncoding(Dictionary<string, string> parameters) =>
        parameters.GetValueOrDefault("encoding")?.ToLowerInvariant() switch
        {
            null => ListEncoding.Hex,
            "der" => ListEncoding.Der,
            "pem" => ListEncoding.Pem,
            _ => null,
        };

    // Hex digits and words need no escapes, so none is read. Names of parameters are compared without case, as PCCS clients differ.
    private static Dictionary<string, string>? ReadParameters(string query)
    {
        var text = query.StartsWith('?') ? query[1..] : query;
        if (text.Length > MaxQuerySize)
        {
            return null;
        }
        var parameters = new Dictionary<string, string>();
        foreach (var part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || parameters.Count == MaxParameters || !parameters.TryAdd(part[..at].ToLowerInvariant(), part[(at + 1)..]))
            {
                return null;
            }
        }
        return parameters;
    }

    private static byte[]? ReadHex(string text, int size)
    {
        var bytes = new byte[size];
        return text.Length == 2 * size
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }
}
