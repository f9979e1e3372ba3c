using System.Diagnostics;
using Guardian.Refusals;
using Guardian.Volumes.Contract;

namespace Guardian.Volumes.Tests;

/// <summary>The place of a volume's container, where its keeper may put anything.</summary>
[Trait("Starts", "processes")]
public sealed class VolumePlaceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly VolumeKey key = VolumeKey.Create();

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("mkfifo")]
    [InlineData("mkdir")]
    public async Task Something_else_in_the_place_of_the_container_is_refused(string command)
    {
        using (var making = Process.Start(command, folder.File("volume")))
        {
            await making.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        foreach (var isRead in new[] { false, true })
        {
            var options = new VolumeOptions { ReadOnly = isRead };
            var refused = Assert.Throws<RefusedException>(() => Volume.Open(folder.Path, key, options));
            Assert.Equal(VolumeReasons.NotAVolume, refused.Refusal.Reason);
        }
    }
}
