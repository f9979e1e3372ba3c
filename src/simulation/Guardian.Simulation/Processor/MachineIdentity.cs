using System.Security.Cryptography;
using Guardian.Files.Durable;
using Guardian.Sgx.Keys;

namespace Guardian.Simulation.Processor;

/// <summary>The fuses of a simulated processor: its fuse key and owner epoch, random, in the machine directory.</summary>
internal sealed class MachineIdentity
{
    private const int FuseKeySize = 16;
    private const int OwnerEpochSize = 16;

    private readonly byte[] fuses;

    private MachineIdentity(byte[] fuses) => this.fuses = fuses;

    public ReadOnlySpan<byte> FuseKey => fuses.AsSpan(0, FuseKeySize);

    public ReadOnlySpan<byte> OwnerEpoch => fuses.AsSpan(FuseKeySize, OwnerEpochSize);

    /// <summary>CPUSVN of the simulated processor: each of its sixteen components at security version 1.</summary>
    public ReadOnlyMemory<byte> CpuSvn { get; } = Enumerable.Repeat((byte)1, KeyRequest.CpuSvnSize).ToArray();

    public static MachineIdentity LoadOrCreate(string directory)
    {
        DurableFile.CreateDirectory(directory);
        var path = Path.Combine(directory, "fuses");
        var fuses = DurableFile.ReadOrCreate(path, () => RandomNumberGenerator.GetBytes(FuseKeySize + OwnerEpochSize));
        return fuses.Length == FuseKeySize + OwnerEpochSize
            ? new MachineIdentity(fuses)
            : throw new InvalidDataException(
                $"{path} is not the identity of a simulated machine; restore it, or use another machine directory");
    }
}
