/**
 * The agents that exist, in the order of the roster, and what is known about each. A new agent is one file and one line
 * here; its vote weighs the cold strengths until audits have measured it.
 * @source reference/lead-domain.md 2.13
 */
import type { Agent, DecisionType } from './agent.ts'
import { behavioralProfiler } from './lead-intelligence/behavioralProfiler.ts'
import { demographicAnalyzer } from './lead-intelligence/demographicAnalyzer.ts'
import { intentDetector } from './lead-intelligence/intentDetector.ts'
import { channelStrategist } from './follow-up/channelStrategist.ts'
import { contentPersonalizer } from './follow-up/contentPersonalizer.ts'
import { escalationManager } from './follow-up/escalationManager.ts'
import { responseAnalyzer } from './follow-up/responseAnalyzer.ts'
import { timingOptimizer } from './follow-up/timingOptimizer.ts'
import { expertiseMatcher } from './routing/expertiseMatcher.ts'
import { performancePredictor } from './routing/performancePredictor.ts'
import { availabilityOptimizer } from './routing/availabilityOptimizer.ts'
import { workloadBalancer } from './routing/workloadBalancer.ts'
import { behavioralAdapter } from './content/behavioralAdapter.ts'
import { demographicTargeter } from './content/demographicTargeter.ts'
import { sentimentOptimizer } from './content/sentimentOptimizer.ts'
import { abTestManager } from './content/abTestManager.ts'
import { marketAnalyzer } from './competitive/marketAnalyzer.ts'
import { competitorTracker } from './competitive/competitorTracker.ts'
import { socialMonitor } from './competitive/socialMonitor.ts'
import { strategicSynthesizer } from './competitive/strategicSynthesizer.ts'
import { attributionModeler } from './attribution/attributionModeler.ts'
import { channelAnalyzer } from './attribution/channelAnalyzer.ts'
import { roiOptimizer } from './attribution/roiOptimizer.ts'
import { predictiveModeler } from './attribution/predictiveModeler.ts'
import { signalDetector } from './behavioral/signalDetector.ts'
import { patternRecognizer } from './behavioral/patternRecognizer.ts'
import { intentPredictor } from './behavioral/intentPredictor.ts'
import { performanceMonitor } from './adaptive/performanceMonitor.ts'
import { optimizationAnalyzer } from './adaptive/optimizationAnalyzer.ts'
import { feedbackIntegrator } from './adaptive/feedbackIntegrator.ts'
import { sentimentAnalyst } from './follow-up/sentimentAnalyst.ts'
import { objectionHandler } from './follow-up/objectionHandler.ts'
import { conversionOptimizer } from './follow-up/conversionOptimizer.ts'
import { marketContextAgent } from './follow-up/marketContextAgent.ts'
import { performanceTracker } from './follow-up/performanceTracker.ts'
import { schedulingAgent } from './follow-up/schedulingAgent.ts'
import { videoAiAgent } from './follow-up/videoAiAgent.ts'

export const roster: readonly Agent[] = [
  demographicAnalyzer,
  behavioralProfiler,
  intentDetector,
  timingOptimizer,
  contentPersonalizer,
  channelStrategist,
  responseAnalyzer,
  escalationManager,
  expertiseMatcher,
  performancePredictor,
  availabilityOptimizer,
  workloadBalancer,
  behavioralAdapter,
  demographicTargeter,
  sentimentOptimizer,
  abTestManager,
  marketAnalyzer,
  competitorTracker,
  socialMonitor,
  strategicSynthesizer,
  attributionModeler,
  channelAnalyzer,
  roiOptimizer,
  predictiveModeler,
  signalDetector,
  patternRecognizer,
  intentPredictor,
  performanceMonitor,
  optimizationAnalyzer,
  feedbackIntegrator,
  sentimentAnalyst,
  objectionHandler,
  conversionOptimizer,
  marketContextAgent,
  performanceTracker,
  schedulingAgent,
  videoAiAgent,
]

/** Ids of the agents that answer a decision type, in roster order. */
export function rosterFor(decisionType: DecisionType): string[] {
  return roster.filter((agent) => agent.answers.includes(decisionType)).map((agent) => agent.id)
}

/** Families of the agents that answer a decision type, each with its members, in roster order. */
export function familiesFor(decisionType: DecisionType): Map<string, string[]> {
  const families = new Map<string, string[]>()
  for (const agent of roster) {
    if (agent.answers.includes(decisionType)) families.set(agent.family, [...(families.get(agent.family) ?? []), agent.id])
  }
  return families
}
