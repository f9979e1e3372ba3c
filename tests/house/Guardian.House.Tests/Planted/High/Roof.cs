using Guardian.House.Tests.Planted.Low;
using Guardian.Simulation;

namespace Guardian.House.Tests.Planted.High;

/// <summary>A fault on purpose: production code that references simulation. The architecture test must find it.</summary>
internal sealed class Roof
{
    public override string ToString() => SimulatedPlatforms.Anchor.Name + typeof(Foundation).Name;
}
