using Guardian.Sgx.Measurement;

namespace Guardian.Simulation.Memory;

/// <summary>The pages of an enclave in the EPC.</summary>
public sealed class EpcEnclave
{
    internal const int VersionsPerPage = EnclaveMeasurement.PageSize / sizeof(ulong);

    private static long lastId;

    internal EpcEnclave() => Id = Interlocked.Increment(ref lastId);

    internal long Id { get; }

    internal Dictionary<ulong, EpcPage> Pages { get; } = [];

    // Frames of the version arrays; the page of ordinal n has slot n.
    internal List<int> VersionArrays { get; } = [];

    internal bool IsRemoved { get; set; }

    internal void ThrowIfRemoved()
    {
        if (IsRemoved)
        {
            throw new EpcException(EpcFault.Removed, "the enclave was removed");
        }
    }
}

/// <summary>A page of an enclave: in a frame of the EPC, or outside (frame -1).</summary>
internal sealed class EpcPage
{
    public required int Frame { get; set; }

    public required PageFlags Flags { get; init; }

    public required int Ordinal { get; init; }
}
