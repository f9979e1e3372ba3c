using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Output;

/// <summary>Names and values of a partner's contract are text, and no orders to the terminal that shows them.</summary>
public sealed class TextOutputTests : IDisposable
{
    // Clears the screen, sets the title, and turns what follows around.
    private const string Hostile = "North\u001b[2J\u001b]0;title\u0007\u009b31m\r\u202eevil";

    private readonly StringWriter writer = new() { NewLine = "\n" };

    public void Dispose() => writer.Dispose();

    [Fact]
    public void A_line_a_fact_and_a_table_hold_no_orders_to_the_terminal()
    {
        var output = new TextOutput(writer, 60);
        output.WriteLine(Hostile);
        output.WriteHeading(Hostile);
        output.WriteFacts((Hostile, Hostile));
        var table = new TextTable().AddTextColumns(Hostile);
        table.AddRow(Hostile);
        output.WriteTable(table);
        RequireHarmless(times: 6);
    }

    [Fact]
    public void An_error_holds_no_orders_to_the_terminal()
    {
        var reason = new RefusalReason("bad-thing", RefusalKind.Invalid, "A thing is bad.", Hostile);
        FailureResult.WriteText(writer, reason.Because(Hostile) with { Problems = [Hostile] });
        new Terminal(json: false, TextWriter.Null, writer).Note(Hostile);
        RequireHarmless(times: 4);
    }

    [Fact]
    public void Lines_and_tabs_stay()
    {
        new TextOutput(writer, null).WriteLine("one\n\ttwo");
        Assert.Equal("one\n\ttwo\n", writer.ToString());
    }

    private void RequireHarmless(int times)
    {
        var text = writer.ToString();
        Assert.DoesNotContain(text, character => (char.IsControl(character) && character is not ('\n' or '\t')) || character == '\u202e');
        Assert.Equal(times, text.Split("North").Length - 1);
    }
}
