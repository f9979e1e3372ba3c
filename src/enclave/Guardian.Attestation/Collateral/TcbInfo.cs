using Guardian.Attestation.Quotes;

namespace Guardian.Attestation.Collateral;

/// <summary>Intel's statement about one platform family: TCB info, version 2 or 3 (PCS API, "Get TCB Info").</summary>
internal sealed record TcbInfo
{
    /// <summary>The kind of TEE; version 2 is for SGX.</summary>
    public required TeeType Tee { get; init; }

    /// <summary>The instant of signing.</summary>
    public required DateTimeOffset IssueDate { get; init; }

    /// <summary>The last valid instant.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>The platform family, 6 bytes.</summary>
    public required ReadOnlyMemory<byte> Fmspc { get; init; }

    /// <summary>PCE-ID, 2 bytes.</summary>
    public required ReadOnlyMemory<byte> PceId { get; init; }

    /// <summary>A number that rises with every TCB recovery.</summary>
    public required int EvaluationDataNumber { get; init; }

    /// <summary>Levels in the order of the document; a platform has the first one that it reaches.</summary>
    public required List<PlatformLevel> Levels { get; init; }

    /// <summary>The TDX module of version 0, which <see cref="TdxModuleIdentities"/> does not list; null for SGX.</summary>
    public required TdxModuleIdentity? TdxModule { get; init; }

    /// <summary>The TDX modules by major version.</summary>
    public required IReadOnlyList<TdxModuleIdentity> TdxModuleIdentities { get; init; }
}

/// <summary>A level of a platform.</summary>
/// <param name="SgxComponents">Minimum security versions, 16.</param>
/// <param name="PceSvn">Minimum PCESVN.</param>
/// <param name="TdxComponents">Minimum security versions of the TDX components, 16; null for SGX.</param>
/// <param name="Level">The status from these versions on.</param>
internal sealed record PlatformLevel(ReadOnlyMemory<byte> SgxComponents, int PceSvn, ReadOnlyMemory<byte>? TdxComponents, TcbLevel Level)
{
    /// <summary>Intel's names of the SGX components, such as "SGX Late Microcode Update"; empty texts where it gives none.</summary>
    public IReadOnlyList<string> SgxNames { get; init; } = [];

    /// <summary>Intel's names of the TDX components.</summary>
    public IReadOnlyList<string> TdxNames { get; init; } = [];
}

/// <summary>A TDX module.</summary>
/// <param name="Id">For example <c>TDX_01</c>; empty in <see cref="TcbInfo.TdxModule"/>.</param>
/// <param name="MrSigner">48 bytes.</param>
/// <param name="Attributes">8 bytes.</param>
/// <param name="AttributesMask">8 bytes.</param>
/// <param name="Levels">In the order of the document.</param>
internal sealed record TdxModuleIdentity(
    string Id, ReadOnlyMemory<byte> MrSigner, ReadOnlyMemory<byte> Attributes, ReadOnlyMemory<byte> AttributesMask,
    IReadOnlyList<IsvSvnLevel> Levels);

/// <summary>A level of an enclave or module.</summary>
/// <param name="IsvSvn">Minimum ISVSVN.</param>
/// <param name="Level">The status from this version on.</param>
internal sealed record IsvSvnLevel(int IsvSvn, TcbLevel Level);

/// <summary>Intel's statement about its own quoting enclave, version 2 (PCS API, "Get Quoting Enclave Identity").</summary>
internal sealed record EnclaveIdentity
{
    /// <summary>QE, TD_QE or QVE.</summary>
    public required string Id { get; init; }

    /// <summary>The instant of signing.</summary>
    public required DateTimeOffset IssueDate { get; init; }

    /// <summary>The last valid instant.</summary>
    public required DateTimeOffset NextUpdate { get; init; }

    /// <summary>A number that rises with every TCB recovery.</summary>
    public required int EvaluationDataNumber { get; init; }

    /// <summary>Levels in the order of the document.</summary>
    public required IReadOnlyList<IsvSvnLevel> Levels { get; init; }

    /// <summary>The fields that the quoting enclave's report must have.</summary>
    public required QuotingEnclaveIdentity Expected { get; init; }
}
