using System.Globalization;
using Guardian.Files.Native;

namespace Guardian.Files.Tests;

/// <summary>A process in a container: signals of process 1, and the limit of memory.</summary>
public sealed class ContainerTests
{
    [Fact]
    public void Signals_that_come_before_a_handler_are_kept_for_it()
    {
        // Process 1 of a container cannot be made here, and for others the kernel's default would end this test.
        Thread? thread = null;
        var code = 0;
        thread = new Thread(() =>
        {
            EndingSignals.Hold();
            var held = File.ReadAllLines($"/proc/self/task/{ThreadId()}/status")
                .Single(line => line.StartsWith("SigBlk", StringComparison.Ordinal));
            using var signals = new EndingSignals();
            var free = File.ReadAllLines($"/proc/self/task/{ThreadId()}/status")
                .Single(line => line.StartsWith("SigBlk", StringComparison.Ordinal));
            code = Bits(held) & ~Bits(free);
        });
        thread.Start();
        thread.Join();
        const int interruptAndTerminate = (1 << 1) | (1 << 14);
        Assert.Equal(interruptAndTerminate, code);
    }

    [Theory]
    [InlineData("100663296\n", 100663296L)]
    [InlineData("max\n", null)]
    [InlineData("9223372036854771712\n", null)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    public void A_limit_of_memory_is_a_number_that_a_machine_can_have(string text, long? limit) =>
        Assert.Equal(limit, ContainerMemory.Parse(text));

    private static int ThreadId() => int.Parse(
        File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.Name, CultureInfo.InvariantCulture);

    private static int Bits(string line) => (int)(Convert.ToUInt64(line.Split(':')[1].Trim(), 16) & 0x7FFF_FFFF);
}
