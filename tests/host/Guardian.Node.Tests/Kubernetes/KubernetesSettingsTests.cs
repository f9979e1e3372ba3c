using Guardian.Node.Kubernetes;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The words of <c>guardian-node kubernetes</c>.</summary>
public sealed class KubernetesSettingsTests
{
    [Fact]
    public void A_name_is_enough()
    {
        var settings = KubernetesSettings.Read(["--node", "n1"], out var problem);
        Assert.Null(problem);
        Assert.Equal(new KubernetesSettings("n1", null, 110, "/var/lib/kubelet/device-plugins"), settings);
    }

    [Fact]
    public void Every_word_counts()
    {
        var settings = KubernetesSettings.Read(
            ["--simulated-epc", "64", "--folder", "/d", "--units", "3", "--journal", "/j", "--node", "n1"], out var problem);
        Assert.Null(problem);
        Assert.Equal(new KubernetesSettings("n1", 64, 3, "/d", "/j"), settings);
    }

    [Theory]
    [InlineData("--node needs")]
    [InlineData("--node needs", "--node", "")]
    [InlineData("needs one value", "--node")]
    [InlineData("needs one value", "--node", "a", "--node", "b")]
    [InlineData("'--cas' is unknown", "--cas", "x")]
    [InlineData("'withdraw' is unknown", "withdraw", "--node", "a")]
    [InlineData("--simulated-epc is a number", "--node", "a", "--simulated-epc", "0")]
    [InlineData("--simulated-epc is a number", "--node", "a", "--simulated-epc", "64Mi")]
    [InlineData("--simulated-epc is a number", "--node", "a", "--simulated-epc", "1048577")]
    [InlineData("--simulated-epc is a number", "--node", "a", "--simulated-epc", "99999999999")]
    [InlineData("--units is a number", "--node", "a", "--units", "-1")]
    [InlineData("--units is a number", "--node", "a", "--units", "10001")]
    public void Mistakes_are_named(string words, params string[] given)
    {
        Assert.Null(KubernetesSettings.Read(given, out var problem));
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }
}
