using System.Threading.Channels;

namespace Automation.Server.Endpoints;

/// <summary>Takes emissions on, in passes: when it is woken, and every second.</summary>
internal abstract class EmissionLoop(TimeProvider time, ILogger log) : BackgroundService
{
    /// <summary>Emissions in one pass, and the bytes of their data.</summary>
    protected const int EmissionsAtATime = 64;

    /// <inheritdoc cref="EmissionsAtATime"/>
    protected const long BytesAtATime = 16 << 20;

    private static readonly TimeSpan SafetyNet = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected TimeProvider Time { get; } = time;

    protected ILogger Logger { get; } = log;

    /// <summary>Looks for emissions now.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>One pass. Returns how long to wait before the next one; null when there was nothing to do.</summary>
    public abstract Task<TimeSpan?> RunOnceAsync(CancellationToken stopping);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = Time.CreateTimer(_ => Wake(), null, SafetyNet, SafetyNet);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await wake.Reader.ReadAsync(stoppingToken);
                while (await RunOnceAsync(stoppingToken) is { } pause)
                {
                    if (pause > TimeSpan.Zero) await Task.Delay(pause, Time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.PassFailed(Logger, error, GetType().Name);
            }
        }
    }
}
