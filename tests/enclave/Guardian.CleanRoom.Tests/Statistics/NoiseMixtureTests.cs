using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Tests.Statistics;

/// <summary>The tails of normal error with Laplace noise, against Simpson's rule in another program, tests/vectors/lift.</summary>
public sealed class NoiseMixtureTests
{
    [Theory]
    [InlineData(1, 0.01, 0.3172985281)]
    [InlineData(1.96, 0.01, 0.04999812005)]
    [InlineData(3, 0.01, 0.002701796237)]
    [InlineData(6, 0.01, 2.006574736e-09)]
    [InlineData(1, 0.1, 0.3162014841)]
    [InlineData(1.96, 0.1, 0.05017443253)]
    [InlineData(3, 0.1, 0.002899418709)]
    [InlineData(6, 0.1, 1.784205884e-08)]
    [InlineData(1, 0.5, 0.2942615183)]
    [InlineData(1.96, 0.5, 0.05285541289)]
    [InlineData(3, 0.5, 0.006735824793)]
    [InlineData(6, 0.5, 1.670170079e-05)]
    [InlineData(1, 0.9, 0.2516543745)]
    [InlineData(1.96, 0.9, 0.06016380342)]
    [InlineData(3, 0.9, 0.01276529851)]
    [InlineData(6, 0.9, 0.0001458166133)]
    [InlineData(6, 0.99, 0.0001998531634)]
    public void Tails_are_those_of_the_sum(double z, double noiseShare, double expected) =>
        Assert.Equal(1, NoiseMixture.TwoSided(-z, noiseShare) / expected, 1e-6);

    [Fact]
    public void Without_noise_it_is_the_normal_distribution_and_with_noise_alone_laplace()
    {
        Assert.Equal(Distributions.NormalTwoSided(2.5), NoiseMixture.TwoSided(2.5, 0));
        Assert.Equal(Distributions.Z95, NoiseMixture.Z95(0));
        Assert.Equal(Math.Exp(-2.5 * Math.Sqrt(2)), NoiseMixture.TwoSided(2.5, 1), 1e-6);
        Assert.Equal(Math.Log(20) / Math.Sqrt(2), NoiseMixture.Z95(1), 1e-4);
        // Finite and falling everywhere, also far out.
        foreach (var share in new[] { 1e-12, 1e-6, 0.001, 0.3, 0.999, 1 })
        {
            var tails = Enumerable.Range(0, 60).Select(z => NoiseMixture.TwoSided(z, share)).ToList();
            Assert.Equal(1, tails[0], 1e-9);
            Assert.All(tails.Zip(tails.Skip(1)), pair => Assert.True(pair.Second <= pair.First && pair.Second >= 0));
            Assert.Equal(0.05, NoiseMixture.TwoSided(NoiseMixture.Z95(share), share), 1e-9);
        }
    }
}
