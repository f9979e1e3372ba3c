using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>A volume behaves like files in memory under any series of operations.</summary>
public sealed class VolumeModelTests : IDisposable
{
    private static readonly VolumeOptions NoTimer = new() { CommitInterval = TimeSpan.Zero, CacheSize = 0 };
    private readonly VolumeKey key = VolumeKey.Create();

    public void Dispose() => key.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void It_returns_the_same_results_over_random_operations_commits_and_reopenings(int seed)
    {
        var random = new Random(seed);
        var actor = new Actor(random);
        using var memory = new MemoryFiles();
        using var disk = new SimulatedDisk(random);
        var volume = Volume.Create(disk, key, NoTimer);
        for (var step = 0; step < 1_500; step++)
        {
            actor.Act(volume, memory);
            switch (random.Next(60))
            {
                case 0:
                    Assert.Equal(FileError.Success, volume.Sync());
                    break;
                case 1:
                    volume.Dispose();
                    volume = Volume.Open(disk, key, NoTimer);
                    break;
                case 2:
                    Assert.Equal(Tree.Describe(memory), Tree.Describe(volume));
                    break;
            }
        }
        volume.Dispose();
        using var again = Volume.Open(disk, key, NoTimer with { ReadOnly = true });
        Assert.Equal(Tree.Describe(memory), Tree.Describe(again));
    }
}
