using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>One operation of the disk fails, and the disk goes on: no acknowledged change is lost, none is accepted in part.</summary>
public sealed class VolumeFaultTests : IDisposable
{
    private const int FileCount = 3;
    private static readonly VolumeOptions NoTimer = new() { CommitInterval = TimeSpan.Zero, CacheSize = 0 };
    private readonly VolumeKey key = VolumeKey.Create();

    public void Dispose() => key.Dispose();

    [Fact]
    public void A_failure_at_every_operation_loses_nothing_that_was_acknowledged()
    {
        var outlived = 0;
        for (var failAt = 1; ; failAt++)
        {
            using var disk = new SimulatedDisk(new Random(failAt));
            var volume = Volume.Create(disk, key, NoTimer);
            Assert.True(TryWrite(volume, 0));
            (disk.FailAt, disk.FailsOnce) = (disk.Operations + failAt, true);
            var acknowledged = 0;
            for (var version = 1; version <= 5; version++)
            {
                // A retry may succeed, unless the volume stopped.
                acknowledged = TryWrite(volume, version) || TryWrite(volume, version) ? version : acknowledged;
            }
            var hasFailed = disk.Operations >= disk.FailAt;
            volume.Dispose();
            using var survivor = disk.Crash();
            using var again = Volume.Open(survivor, key, NoTimer);
            var found = Enumerable.Range(0, FileCount).Select(file => Read(again, file)).Distinct().ToList();
            Assert.True(
                found.Count == 1 && found[0] >= acknowledged && found[0] <= 5,
                $"operation {failAt}: {string.Join(", ", found)}, acknowledged {acknowledged}");
            outlived += hasFailed && acknowledged == 5 ? 1 : 0;
            if (!hasFailed)
            {
                // Failed writes of content are retried.
                Assert.True(failAt > 20 && outlived > 5, $"{failAt} {outlived}");
                return;
            }
        }
    }

    private static bool TryWrite(Volume volume, int version)
    {
        var content = new byte[300_000];
        content.AsSpan().Fill((byte)version);
        for (var i = 0; i < FileCount; i++)
        {
            if (volume.Root.CreateFile($"f{i}", out var file) != FileError.Success)
            {
                if (volume.Root.Open($"f{i}", FileOpenMode.Write, out var node) != FileError.Success)
                {
                    return false;
                }
                file = (IFile)node!;
            }
            using (file)
            {
                if (file!.Write(0, content, out var written) != FileError.Success || written != content.Length)
                {
                    return false;
                }
            }
        }
        return volume.Sync() == FileError.Success;
    }

    private static int Read(Volume volume, int file)
    {
        using var opened = Tree.Open<IFile>(volume.Root, $"f{file}");
        return Assert.Single(Tree.ReadAll(opened).Distinct());
    }
}
