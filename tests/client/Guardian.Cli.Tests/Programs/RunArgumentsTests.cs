using Guardian.Cli.Commands.Programs;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Programs;

/// <summary>The command line of <c>guardian run</c>.</summary>
public sealed class RunArgumentsTests
{
    [Fact]
    public void Everything_after_the_program_belongs_to_it()
    {
        var run = RunArguments.Parse(["--insecure-no-attestation", "--env=A=b=c", "p.wasm", "--json", "--help", "--"]);
        Assert.Equal("p.wasm", run.Program);
        Assert.Equal(["--json", "--help", "--"], run.Arguments);
        Assert.Equal(["A=b=c"], run.Environment);
        Assert.False(run.IsJson);
    }

    [Fact]
    public void Two_dashes_end_the_options()
    {
        var run = RunArguments.Parse(["--insecure-no-attestation", "--", "--odd.wasm", "x"]);
        Assert.Equal(("--odd.wasm", "x"), (run.Program, Assert.Single(run.Arguments)));
    }

    [Fact]
    public void An_image_is_the_program()
    {
        var run = RunArguments.Parse(["--oci", "layout", "a", "b"]);
        Assert.Equal((true, "layout", 2), (run.IsImage, run.Program, run.Arguments.Count));
        Assert.Null(run.Platform);
    }

    [Fact]
    public void A_key_follows_its_volume()
    {
        var run = RunArguments.Parse(
            ["--insecure-no-attestation", "--volume", "v::/a", "--volume-key", "k", "--volume", "w::/b", "--volume-key", "l", "--dir", "d",
            "p.wasm"]);
        Assert.Equal([("v", "/a", "k"), ("w", "/b", "l")], run.Volumes);
        Assert.Equal([("d", "d")], run.Directories);
    }

    [Theory]
    [InlineData("no program is named")]
    [InlineData("no program is named", "--insecure-no-attestation")]
    [InlineData("--env needs a value", "--env")]
    [InlineData("there is no option --what", "--what", "p.wasm")]
    [InlineData("there is no option --json", "--json=true", "p.wasm")]
    [InlineData("--platform is hardware or simulated, not 'real'", "--platform", "real", "p.wasm")]
    [InlineData("--env takes NAME=VALUE, not 'A'", "--insecure-no-attestation", "--env", "A", "p.wasm")]
    [InlineData("--dir takes HOSTDIR::GUESTDIR or HOSTDIR, not '::x'", "--insecure-no-attestation", "--dir", "::x", "p.wasm")]
    [InlineData("--volume takes VOLUMEDIR::GUESTDIR, not 'v'", "--insecure-no-attestation", "--volume", "v", "p.wasm")]
    [InlineData("--volume-key follows the --volume that it is for", "--insecure-no-attestation", "--volume-key", "k", "p.wasm")]
    [InlineData("the volume v has no --volume-key", "--insecure-no-attestation", "--volume", "v::/", "p.wasm")]
    [InlineData("--listen takes an address and a port, not '80'", "--insecure-no-attestation", "--listen", "80", "p.wasm")]
    [InlineData("--max-memory takes a number of MiB from 1 to 4096", "--max-memory", "4097", "p.wasm")]
    [InlineData("--max-instructions takes a number", "--max-instructions", "-1", "p.wasm")]
    [InlineData("--cas and --insecure-no-attestation exclude each other", "--insecure-no-attestation", "--cas", "h:1", "p.wasm")]
    [InlineData("--dir, --volume, --env and --listen are for --insecure-no-attestation: an attested program gets these from its session",
        "--env", "A=B", "p.wasm")]
    public void Other_command_lines_are_refused(string message, params string[] words)
    {
        var refused = Assert.Throws<RefusedException>(() => RunArguments.Parse(words));
        Assert.Equal(("usage", message), (refused.Refusal.Code, refused.Refusal.Detail));
    }
}
