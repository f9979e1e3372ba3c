using Guardian.Node.Admission;

namespace Guardian.Node.Tests.Admission;

/// <summary>The words of <c>guardian-node admission</c>.</summary>
public sealed class AdmissionSettingsTests
{
    [Fact]
    public void The_words_are_read_and_the_rest_has_defaults()
    {
        Assert.Equal(
            new AdmissionSettings("c", "k", "guardian", 8443), AdmissionSettings.Read(["--certificate", "c", "--key", "k"], out _));
        Assert.Equal(
            new AdmissionSettings("c", "k", "x", 1),
            AdmissionSettings.Read(["--port", "1", "--runtime-class", "x", "--certificate", "c", "--key", "k"], out var problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("each need a file")]
    [InlineData("each need a file", "--key", "k")]
    [InlineData("needs one value", "--key")]
    [InlineData("'--cas' is unknown", "--cas", "x")]
    [InlineData("--port is a number", "--certificate", "c", "--key", "k", "--port", "65536")]
    [InlineData("--port is a number", "--certificate", "c", "--key", "k", "--port", "https")]
    public void Mistakes_are_named(string words, params string[] given)
    {
        Assert.Null(AdmissionSettings.Read(given, out var problem));
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }
}
