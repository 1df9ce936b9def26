package main

// published is what others have reported of the same experiment, on machines of their own.
type published struct {
	paper, best float64 // requests/s; 0 where nothing is known
	share       float64 // our goal: in proportion to straight at plain HTTP; 0 where there is none
}

// The figures of the paper on mesh-based governance (2019), and the best public score of the agent contest of 2018,
// whose rig the paper used.
var figuresPublished = map[int]published{
	128: {paper: 2408.55, best: 2446.88, share: 0.97},
	256: {paper: 4282.89, best: 4583.77, share: 0.94},
	512: {paper: 5865.06, best: 7144.13, share: 0.88},
}

// hopGoal is the most that Envoy may use for a Dubbo call, in proportion to a plain HTTP one.
const hopGoal = 1.15

// ceiling is what can be reached at most when every answer takes 50 ms.
func ceiling(connections int) float64 { return float64(connections) * 20 }
