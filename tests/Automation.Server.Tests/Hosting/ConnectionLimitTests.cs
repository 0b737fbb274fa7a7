using Automation.Server.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Automation.Server.Tests.Hosting;

public sealed class ConnectionLimitTests
{
    [Theory]
    [InlineData(null, 10_000)]
    [InlineData("7", 7)]
    public async Task Connections_AreLimited(string? configured, long limit) => Assert.Equal(limit, await LimitAsync(configured));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    public async Task LimitThatIsNone_StopsTheStart(string configured)
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => LimitAsync(configured));
        Assert.Contains(ServerOptions.MaxConnections, error.Message, StringComparison.Ordinal);
    }

    private static async Task<long?> LimitAsync(string? configured)
    {
        var settings = configured is null ? [] : new Dictionary<string, string?> { [ServerOptions.MaxConnections] = configured };
        await using var app = ServerBuilder.Create(settings).Build();
        return app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.MaxConcurrentConnections;
    }
}
