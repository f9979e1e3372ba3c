using Guardian.Cli.Sessions;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>Hashes are filled into the text of a session, and nothing else of it changes.</summary>
public sealed class SessionFillingTests
{
    private static readonly string One = new('1', 64);
    private static readonly string Two = new('2', 64);
    private static readonly string Three = new('3', 64);

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task Names_of_programs_and_enclaves_become_hashes_and_the_layout_stays(string end)
    {
        var text = """
            # mine
            name:   shop      # the name
            services:
              - {name: web, command: x, program: ./web.wasm, attestation: [{mrenclave: [guardian-runtime]}]}
              - name: two
                command: "run program: ./web.wasm"   # stays
                program:
                  - "./web.wasm"  # first
                  - 2222222222222222222222222222222222222222222222222222222222222222
                attestation:
                  - mrenclave:
                    - guardian-runtime
                network: {connect: [{host: h, port: 1, protocol: attested, peers: [{service: web, program: web.wasm}]}]}

            """.ReplaceLineEndings(end);
        var (filled, values) = await FillAsync(text, null);
        Assert.Equal(
            text.Replace("program: ./web.wasm, att", $"program: {One}, att", StringComparison.Ordinal)
                .Replace("\"./web.wasm\"", One, StringComparison.Ordinal)
                    .Replace("program: web.wasm", $"program: {One}", StringComparison.Ordinal)
                .Replace("guardian-runtime", Two, StringComparison.Ordinal),
            filled);
        Assert.Equal(5, values.Count);
        Assert.Equal(filled, (await FillAsync(filled, null)).Text);
    }

    [Theory]
    [InlineData("name: a # b\nx: y\n", "name: a # b\npredecessor: H\nx: y\n")]
    [InlineData("name: a\r\nx: y\r\n", "name: a\r\npredecessor: H\r\nx: y\r\n")]
    [InlineData("x: y\nname: a", "x: y\nname: a\npredecessor: H")]
    [InlineData("{name: a, x: y}\n", "{name: a, predecessor: H, x: y}\n")]
    [InlineData("predecessor: old # was\nname: a\n", "predecessor: H # was\nname: a\n")]
    [InlineData("name: a\npredecessor:\nx: y\n", "name: a\npredecessor: H\nx: y\n")]
    [InlineData("name: a\npredecessor: \"\"\n", "name: a\npredecessor: H\n")]
    [InlineData("predecessor: H\nname: a\n", "predecessor: H\nname: a\n")]
    public async Task The_predecessor_is_set_where_it_stands_or_below_the_name(string text, string expected)
    {
        var (filled, _) = await FillAsync(text.Replace("H", Three, StringComparison.Ordinal), Three);
        Assert.Equal(expected.Replace("H", Three, StringComparison.Ordinal), filled);
    }

    private static Task<(string Text, IReadOnlyList<FilledValue> Values)> FillAsync(string text, string? predecessor) =>
        new SessionFilling(_ => One, _ => Two).FillAsync(
            text, "a.yaml", predecessor is null ? null : name =>
            {
                Assert.Equal("a", name);
                return Task.FromResult(predecessor);
            });
}
