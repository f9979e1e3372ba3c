using System.Text;
using Guardian.Cli.Inputs;

namespace Guardian.Cli.Tests.Inputs;

/// <summary>The last bytes of a stream.</summary>
public sealed class TailStreamTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(37)]
    [InlineData(1)]
    public void The_end_is_kept_from_the_beginning_of_a_line(int size)
    {
        var all = "";
        using var tail = new TailStream(size);
        for (var i = 0; i < 300; i++)
        {
            var text = $"{new string('x', i % 7)}\n";
            all += text;
            tail.Write(Encoding.UTF8.GetBytes(text));
            if (all.Length <= size)
            {
                Assert.Equal((all, false), (tail.ReadText(), tail.IsCut));
            }
            else
            {
                var end = all[^size..];
                Assert.Equal((end[(end.IndexOf('\n', StringComparison.Ordinal) + 1)..], true), (tail.ReadText(), tail.IsCut));
            }
        }
    }

    [Fact]
    public void A_write_that_is_larger_than_the_memory_leaves_its_own_end()
    {
        using var tail = new TailStream(8);
        tail.Write("before\n"u8);
        tail.Write("0123456\n89\n"u8);
        Assert.Equal(("89\n", true), (tail.ReadText(), tail.IsCut));
    }
}
